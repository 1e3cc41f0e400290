import ArgumentParser
import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityRecords
import ProbityReports
import ProbityStore

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Users and their certificates. / 用户",
        subcommands: [Request.self, Add.self, Accept.self, Countersign.self, Proposals.self, Leave.self, List.self],
        aliases: ["用户"]
    )

    struct Request: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make your own keys and a request for a certificate. / 申请证书")
        @OptionGroup var global: GlobalOptions
        @Option(help: "file for the request / 申请文件") var out: String

        func run() throws {
            let console = try global.console()
            let folder = try ArchiveFolder(global.archivePath())
            let identity = try Identity.generate(user: global.userName())
            try identity.save(
                in: Archive.keysFolder(folder.path), passphrase: global.newPassphrase(for: identity.user, console))
            let text = try UserRequest.make(identity, bureauID: folder.bureauID)
            try Data(text.utf8).write(to: URL(filePath: out), options: .withoutOverwriting)
            console.out(console.text("cli.requested", ["user": identity.user, "file": out]))
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose a certificate for a request (security administrator). / 提出用户证书")
        @OptionGroup var global: GlobalOptions
        @Option(help: "the request / 申请文件") var request: String
        @Option(help: "role / 角色") var role: String
        @Option(help: "unit subtree / 单位") var unit: String
        @Option(help: "the officer the user is, O-…; left out: none / 对应人员") var officer: String?
        @Option(help: "file with the certificate for the newcomer to accept / 待本人确认文件") var out: String

        func run() throws {
            try global.withSession { session, console in
                guard let role = Role(rawValue: role) else {
                    throw CommandFailure(ExitCodes.usage, "cli.roleUnknown", ["role": role])
                }
                guard let data = FileManager.default.contents(atPath: request) else {
                    throw CommandFailure(60, "cli.fileUnreadable", ["path": request])
                }
                let officer = try officer.map { text in
                    guard let id = OfficerID(text) else {
                        throw CommandFailure(ExitCodes.usage, "cli.officerForm", ["officer": text])
                    }
                    return id
                }
                // An act cannot be taken back for want of a file to write.
                guard !FileManager.default.fileExists(atPath: out) else {
                    throw ArchiveError(.alreadyExists, "something is at this path", subject: out)
                }
                let (id, proposal) = try session.proposeUser(
                    request: String(decoding: data, as: UTF8.self), role: role, unit: unit, officer: officer)
                if global.json { console.out("proposal", ["id": .integer(id)]) } else { console.out(String(id)) }
                try Data(proposal.utf8).write(to: URL(filePath: out), options: .withoutOverwriting)
                console.remark(console.text("cli.proposed", ["id": String(id)]))
            }
        }
    }

    struct Accept: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign the certificate that was proposed for you. / 本人确认证书")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "the proposed certificate, from `user add` / 待确认证书文件") var proposal: String
        @Option(help: "file for the acceptance / 确认文件") var out: String

        func run() throws {
            let console = try global.console()
            let folder = try ArchiveFolder(global.archivePath())
            guard let data = FileManager.default.contents(atPath: proposal) else {
                throw CommandFailure(60, "cli.fileUnreadable", ["path": proposal])
            }
            let identity = try global.unlock(console)
            let (certificate, text) = try UserAcceptance.make(
                folder, proposal: String(decoding: data, as: UTF8.self), identity: identity)
            let display = try Display(console)
            let officer = certificate.officer.map { OfficerID($0).text } ?? "–"
            try console.confirm(
                console.text(
                    "cli.acceptQuestion",
                    [
                        "user": certificate.user,
                        "role": certificate.role.label(console.language, in: display.catalogue),
                        "unit": certificate.unit, "officer": officer,
                    ]), global)
            try Data(text.utf8).write(to: URL(filePath: out), options: .withoutOverwriting)
            console.out(console.text("cli.accepted", ["file": out]))
        }
    }

    struct Countersign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a proposed certificate or grant; the last signature puts it in force. / 会签")
        @OptionGroup var global: GlobalOptions
        @Argument(help: "number of the proposal / 提议编号") var proposal: Int64
        @Option(help: "the newcomer's acceptance, from `user accept` / 本人确认文件") var accepted: String?

        func run() throws {
            try global.withSession { session, console in
                let acceptance = try accepted.map { path in
                    guard let data = FileManager.default.contents(atPath: path) else {
                        throw CommandFailure(60, "cli.fileUnreadable", ["path": path])
                    }
                    return String(decoding: data, as: UTF8.self)
                }
                let missing = try session.countersign(proposal, acceptance: acceptance)
                if global.json {
                    console.out(
                        "countersign",
                        ["inForce": .bool(missing == nil), "missing": missing.map { .string($0) } ?? .null])
                } else if let missing {
                    console.out(console.text("cli.stillMissing", ["missing": missing]))
                } else {
                    console.out(console.text("cli.inForce"))
                }
            }
        }
    }

    struct Proposals: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What waits for a signature. / 待会签")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.withSession { session, console in
                var table = TextTable(
                    ["proposal", "kind", "user", "summary", "signers", "missing"].map {
                        console.text("cli.column.\($0)")
                    })
                for entry in try session.proposals() {
                    if global.json {
                        console.out(
                            "proposal",
                            [
                                "id": .integer(entry.id), "kind": .string(entry.kind), "user": .string(entry.user),
                                "subject": .string(entry.subject), "signers": .array(entry.signers.map { .string($0) }),
                                "missing": .string(entry.missing),
                            ])
                    } else {
                        table.add([
                            String(entry.id), entry.kind, entry.user, entry.subject,
                            entry.signers.joined(separator: " "),
                            entry.missing,
                        ])
                    }
                }
                if !global.json { for line in table.lines { console.out(line) } }
            }
        }
    }

    struct Leave: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the certificate of a user who leaves (security administrator). / 离任停用",
            discussion: """
                From then on he begins no session, his running ones end, and his grants
                open nothing. He knows the keys that he held; the answer says what to do.

                EXIT STATUS / 退出码
                  0 done   3 declined   20 role   22 oneself   30 no such user   31 no reason
                  33 left already, the last administrator of a kind, or leaves a vacancy
                """)
        @OptionGroup var global: GlobalOptions
        @Argument(help: "who leaves / 离任用户") var leaver: String
        @Option(help: "why, for the auditors / 事由") var reason: String
        @Flag(help: "even if nobody else opens what he opens, or serves in his role / 接受无人接替") var acceptVacancy = false

        func run() throws {
            try global.withSession { session, console in
                try console.confirm(console.text("cli.leaveQuestion", ["user": leaver]), global)
                let leaving = try session.leave(leaver, reason: reason, acceptsVacancy: acceptVacancy)
                func list(_ places: [GrantPlace]) -> String {
                    places.isEmpty ? "–" : places.map(\.description).joined(separator: ", ")
                }
                guard !global.json else {
                    func json(_ places: [GrantPlace]) -> JSONValue {
                        .array(
                            places.map {
                                .object(["category": .string($0.category.rawValue), "unit": .string($0.unit)])
                            })
                    }
                    console.out(
                        "leave",
                        [
                            "user": .string(leaver), "role": .string(leaving.certificate.role.rawValue),
                            "unit": .string(leaving.certificate.unit), "held": json(leaving.held),
                            "vacant": json(leaving.vacant), "roleVacant": .bool(leaving.roleIsVacant),
                            "next": .string("probity key rotate --pages"),
                        ])
                    return
                }
                let role = leaving.certificate.role.label(console.language, in: try Display(console).catalogue)
                console.out(console.text("cli.left", ["user": leaver, "role": role]))
                console.out(console.text("cli.leftNext", ["user": leaver]))
                console.out(console.text("cli.leftHeld", ["places": list(leaving.held)]))
                if !leaving.vacant.isEmpty {
                    console.say("cli.leftVacant", ["places": list(leaving.vacant)])
                }
                if leaving.roleIsVacant { console.say("cli.leftRoleVacant", ["role": role]) }
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Who are and were users. / 用户列表")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.withSession { session, console in
                let display = try Display(console)
                var table = TextTable(["user", "role", "unit", "left"].map { console.text("cli.column.\($0)") })
                for entry in try session.users() {
                    let certificate = entry.certificate
                    if global.json {
                        console.out(
                            "user",
                            [
                                "user": .string(certificate.user), "role": .string(certificate.role.rawValue),
                                "unit": .string(certificate.unit), "serial": .integer(certificate.serial),
                                "left": entry.leftOn.map { .string($0.description) } ?? .null,
                            ])
                    } else {
                        table.add([
                            certificate.user, certificate.role.label(console.language, in: display.catalogue),
                            certificate.unit, entry.leftOn?.description ?? "",
                        ])
                    }
                }
                if !global.json { for line in table.lines { console.out(line) } }
            }
        }
    }
}

struct AccessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access", abstract: "Grants and the matrix. / 权限",
        subcommands: [Grant.self, List.self, Explain.self],
        aliases: ["权限"])

    struct Grant: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose a grant; the security administrator signs it. / 授权")
        @OptionGroup var global: GlobalOptions
        @Option(help: "who gets it / 被授权用户") var to: String
        @Option(help: "category / 门类") var category: String
        @Option(help: "unit subtree / 单位") var unit: String
        @Option(help: "last day / 截止日期") var until: String?

        func run() throws {
            try global.withSession { session, console in
                let id = try session.proposeGrant(
                    user: to, category: try categoryNamed(category), unit: unit,
                    until: try global.date(until, "--until"))
                if global.json { console.out("proposal", ["id": .integer(id)]) } else { console.out(String(id)) }
                console.remark(console.text("cli.proposed", ["id": String(id)]))
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Grants in the archive. / 授权列表")
        @OptionGroup var global: GlobalOptions
        @Option(help: "only this user / 用户") var of: String?

        func run() throws {
            try global.withSession { session, console in
                let display = try Display(console)
                var table = TextTable(
                    ["user", "category", "unit", "from", "until"].map { console.text("cli.column.\($0)") })
                for grant in try session.grantEntries(of: of) {
                    if global.json {
                        console.out("grant", AccessCommand.json(grant))
                    } else {
                        table.add([
                            grant.user, grant.category.label(console.language, in: display.catalogue), grant.unit,
                            grant.notBefore.description, grant.notAfter?.description ?? "–",
                        ])
                    }
                }
                if !global.json { for line in table.lines { console.out(line) } }
            }
        }
    }

    static func json(_ grant: GrantEntry) -> [String: JSONValue] {
        [
            "user": .string(grant.user), "category": .string(grant.category.rawValue), "unit": .string(grant.unit),
            "notBefore": .string(grant.notBefore.description),
            "notAfter": grant.notAfter.map { .string($0.description) } ?? .null,
        ]
    }

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Why you may or may not. / 为何被拒绝")
        @OptionGroup var global: GlobalOptions
        @Option(help: "read or file / 行为") var act = "read"
        @Option(help: "category / 门类") var category: String

        func run() throws {
            try global.withSession { session, console in
                guard let act = AccessAct(rawValue: act) else {
                    throw CommandFailure(ExitCodes.usage, "cli.actUnknown", ["act": act])
                }
                let (decision, grants) = try session.explain(act, try categoryNamed(category), kind: nil)
                var refusal: String?
                if case .refuse(let reason) = decision { refusal = reason.rawValue }
                if global.json {
                    console.out(
                        "explain",
                        [
                            "allowed": .bool(decision.isAllowed), "refusal": refusal.map { .string($0) } ?? .null,
                            "grants": .array(grants.map { .object(AccessCommand.json($0)) }),
                        ])
                    return
                }
                console.out(refusal.map { console.text("refusal.\($0)") } ?? console.text("cli.allowed"))
                for grant in grants { console.out("  \(grant.category.rawValue) \(grant.unit) \(grant.notBefore)") }
                if grants.isEmpty { console.out("  " + console.text("cli.noGrant")) }
            }
        }
    }
}

func categoryNamed(_ text: String) throws -> ProbityRecords.Category {
    guard let category = ProbityRecords.Category(rawValue: text) else {
        throw CommandFailure(ExitCodes.usage, "cli.categoryUnknown", ["category": text])
    }
    return category
}

struct UnitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unit", abstract: "The organisation tree. / 单位", subcommands: [Add.self, List.self],
        aliases: ["单位"])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a unit (system administrator). / 增加单位")
        @OptionGroup var global: GlobalOptions
        @Option(help: "identifier / 编号") var id: String
        @Option(help: "unit above / 上级单位") var parent: String
        @Option(help: "bureau, dept, brigade, squad, station, custody or policeType / 类别") var kind: String
        @Option(help: "name / 名称") var name: String

        func run() throws {
            try global.withSession { session, console in
                guard let list = try KindCatalogue.standard().codeList("unitKind"), let kind = list.code(for: kind)
                else {
                    throw CommandFailure(ExitCodes.invalidEntry, "cli.unitKind", ["kind": kind])
                }
                try session.addUnits([ProbityStore.Unit(id: id, parent: parent, kind: kind, name: name)])
                console.out(id)
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The organisation tree. / 单位列表")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            try global.withSession { session, console in
                for unit in try session.listUnits() {
                    if global.json {
                        console.out(
                            "unit",
                            [
                                "id": .string(unit.id), "parent": unit.parent.map { .string($0) } ?? .null,
                                "kind": .string(unit.kind), "name": .string(unit.name),
                            ])
                    } else {
                        console.out("\(unit.id)  \(unit.name)")
                    }
                }
            }
        }
    }
}

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Your key files, and the key of the pages. / 密钥",
        subcommands: [Passwd.self, Rotate.self],
        aliases: ["密钥"])

    struct Passwd: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change your passphrase. / 修改口令")
        @OptionGroup var global: GlobalOptions
        @Option(help: "file with the new passphrase / 新口令文件") var newPassphraseFile: String?

        func run() throws {
            try global.withSession { session, console in
                let secret =
                    try newPassphraseFile.map { try Passphrase.new(fromFile: $0) }
                    ?? Passphrase.askNew(session.user, console)
                try session.changePassphrase(secret)
                console.out(console.text("cli.passphraseChanged", ["user": session.user]))
            }
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put the archive under a new page key (system administrator). / 更换页密钥")
        @OptionGroup var global: GlobalOptions
        @Flag(help: "the key that seals the database's pages / 页密钥") var pages = false

        func run() throws {
            guard pages else { throw CommandFailure(ExitCodes.usage, "cli.rotateWhat") }
            try global.withSession { session, console in
                let generation = try session.rotatePageKey {
                    console.progress(console.text("cli.progress.rotate"), $0, $1)
                }
                if global.json {
                    console.out("rotation", ["pageKey": .integer(generation)])
                } else {
                    console.out(console.text("cli.rotated", ["pageKey": String(generation)]))
                }
            }
        }
    }
}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Record kinds as JSON Schema, or a blank import table. / 数据格式")
    @OptionGroup var global: GlobalOptions
    @Argument(help: "record kind; left out: all kinds / 记录种类") var kind: String?
    @Flag(help: "the header row of a blank import table / 空白导入表头") var template = false

    func run() throws {
        let console = try global.console()
        guard let kind else {
            var table = TextTable(["kind", "name", "category"].map { console.text("cli.column.\($0)") })
            for kind in try KindCatalogue.standard().kinds {
                if global.json {
                    console.out(
                        "kind", ["id": .string(kind.id), "category": .string(kind.category.rawValue)])
                } else {
                    table.add([kind.id, kind.labels[console.language], kind.category.rawValue])
                }
            }
            if !global.json { for line in table.lines { console.out(line) } }
            return
        }
        let declared = try FieldInput.kind(kind)
        if template {
            FileHandle.standardOutput.write(
                Data([0xEF, 0xBB, 0xBF] + Array(CSVWriter.row(declared.templateHeader(console.language)).utf8)))
        } else {
            console.out(declared.jsonSchema(console.language).canonicalText)
        }
    }
}

struct ExitCodesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exit-codes", abstract: "What the exit codes mean. / 退出码")
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = try global.console()
        for (code, key) in ExitCodes.table {
            if global.json {
                console.out(
                    "exitCode",
                    ["code": .integer(Int64(code)), "id": .string(key), "text": .string(console.text("exit.\(key)"))])
            } else {
                console.out("\(code)\t\(console.text("exit.\(key)"))")
            }
        }
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Version and formats. / 版本")

    func run() throws {
        print("probity 0.1 archive format 1 suite intl")
    }
}
