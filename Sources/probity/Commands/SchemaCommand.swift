import ArgumentParser
import Foundation
import ProbityOffice

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Record kinds: fields and steps, JSON Schema, or a blank import table. / 数据格式")
    @OptionGroup var global: GlobalOptions
    @Argument(help: "record kind; left out: all kinds / 记录种类") var kind: String?
    @Flag(help: "the header row of a blank import table / 空白导入表头") var template = false

    func run() throws {
        let console = try global.console()
        let schema = try SchemaWords(console.wording)
        guard let kind else {
            try console.show(schema.kinds)
            return
        }
        if template, console.isJSON {
            console.out(try schema.templateColumns(of: kind).text)
        } else if template {
            FileHandle.standardOutput.write(Data(try schema.template(of: kind)))
        } else if console.isJSON {
            console.out(try schema.jsonSchema(of: kind).text)
        } else {
            for listing in try schema.tables(of: kind) {
                try console.show(listing)
                console.out("")
            }
        }
    }
}
