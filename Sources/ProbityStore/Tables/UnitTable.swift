enum UnitTable {
    /// All units, by identifier.
    static func all(_ db: Connection) throws -> [Unit] {
        try db.all("SELECT id, parent, kind, name FROM unit ORDER BY id") {
            Unit(id: $0.text(0), parent: $0.optionalText(1), kind: $0.text(2), name: $0.text(3))
        }
    }

    static func has(_ id: String, _ db: Connection) throws -> Bool {
        try db.integer("SELECT 1 FROM unit WHERE id = ?", [.text(id)]) != nil
    }

    /// The unit above; nil for the root, and where there is no such unit.
    static func parent(of id: String, _ db: Connection) throws -> String? {
        try db.text("SELECT parent FROM unit WHERE id = ?", [.text(id)])
    }

    /// The number of the act that made a unit; nil where there is no such unit.
    static func batch(of id: String, _ db: Connection) throws -> Int64? {
        try db.integer("SELECT batch FROM unit WHERE id = ?", [.text(id)])
    }

    static func root(_ db: Connection) throws -> String {
        guard let root = try db.text("SELECT id FROM unit WHERE parent IS NULL") else {
            throw ArchiveError(.integrity, "the organisation tree has no root")
        }
        return root
    }
}

extension RowWriter {
    func insertUnit(_ unit: Unit) throws {
        try insert(.unit, [.text(unit.id), Value(unit.parent), .text(unit.kind), .text(unit.name)])
    }
}
