import CanonicalJSON

/// Reads one schema file member by member and remembers where it is, so that every refusal names file and field.
struct SchemaReader {
    let file: String
    let path: String
    let value: JSONValue

    init(file: String, bytes: [UInt8]) throws(SchemaError) {
        self.file = file
        self.path = ""
        do {
            self.value = try JSONValue(parsing: bytes)
        } catch {
            throw SchemaError(file: file, field: "", reason: "not JSON: \(error.reason) at byte \(error.offset)")
        }
    }

    private init(file: String, path: String, value: JSONValue) {
        self.file = file
        self.path = path
        self.value = value
    }

    func failure(_ reason: String) -> SchemaError { SchemaError(file: file, field: path, reason: reason) }

    private func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The members of an object; a member outside `allowed` is refused, because it is most likely a misspelling.
    func members(_ allowed: Set<String>) throws(SchemaError) -> [String: JSONValue] {
        guard case .object(let members) = value else { throw failure("an object is expected") }
        for key in members.keys.sorted() where !allowed.contains(key) {
            throw SchemaError(file: file, field: place(key), reason: "the format has no such member")
        }
        return members
    }

    /// Every member of an object whose names are data, in the order of the names.
    func entries() throws(SchemaError) -> [(key: String, reader: SchemaReader)] {
        guard case .object(let members) = value else { throw failure("an object is expected") }
        return members.sorted { $0.key < $1.key }.map {
            ($0.key, SchemaReader(file: file, path: place($0.key), value: $0.value))
        }
    }

    func optional(_ key: String) -> SchemaReader? {
        guard let member = value[key], member != .null else { return nil }
        return SchemaReader(file: file, path: place(key), value: member)
    }

    func required(_ key: String) throws(SchemaError) -> SchemaReader {
        guard let member = optional(key) else {
            throw SchemaError(file: file, field: place(key), reason: "the member is missing")
        }
        return member
    }

    func text() throws(SchemaError) -> String {
        guard let text = value.string, !text.isEmpty else { throw failure("a text that is not empty is expected") }
        return text
    }

    func integer() throws(SchemaError) -> Int {
        guard let number = value.integer else { throw failure("an integer is expected") }
        return Int(number)
    }

    func flag() throws(SchemaError) -> Bool {
        guard let flag = value.bool else { throw failure("true or false is expected") }
        return flag
    }

    func elements() throws(SchemaError) -> [SchemaReader] {
        guard let elements = value.array else { throw failure("an array is expected") }
        return elements.enumerated().map {
            SchemaReader(file: file, path: "\(path)[\($0.offset)]", value: $0.element)
        }
    }

    func texts() throws(SchemaError) -> [String] {
        var texts: [String] = []
        for element in try elements() { texts.append(try element.text()) }
        return texts
    }

    /// One text or an array of texts.
    func textOrTexts() throws(SchemaError) -> [String] {
        value.string == nil ? try texts() : [try text()]
    }

    func labels() throws(SchemaError) -> Labels {
        _ = try members(["zh", "en"])
        return Labels(zh: try required("zh").text(), en: try required("en").text())
    }

    func oneOf<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) throws(SchemaError) -> Choice
    where Choice.RawValue == String {
        let name = try text()
        guard let choice = Choice(rawValue: name) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure("'\(name)' is none of: \(known)")
        }
        return choice
    }
}
