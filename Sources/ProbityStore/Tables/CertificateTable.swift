/// A row of `certificate`: a signed note that says who a user is, or that he has left.
struct CertificateRow {
    let id: Int64
    let user: String
    let serial: Int64
    let note: [UInt8]
    let batch: Int64

    fileprivate static let columns = "certificate.id, certificate.userId, serial, certificate.note, certificate.batch"

    fileprivate init(_ rows: borrowing Rows) {
        id = rows.integer(0)
        user = rows.text(1)
        serial = rows.integer(2)
        note = rows.bytes(3)
        batch = rows.integer(4)
    }

    init(id: Int64, user: String, serial: Int64, note: [UInt8], batch: Int64) {
        self.id = id
        self.user = user
        self.serial = serial
        self.note = note
        self.batch = batch
    }
}

enum CertificateTable {
    /// The rows of a user, oldest first.
    static func rows(of user: String, _ db: Connection) throws -> [CertificateRow] {
        try db.all(
            "SELECT \(CertificateRow.columns) FROM certificate WHERE userId = ? ORDER BY serial", [.text(user)]
        ) { CertificateRow($0) }
    }

    /// All rows by number, each with the ledger line that brought it; nil where none did.
    static func rowsWithLines(_ db: Connection) throws -> [(row: CertificateRow, line: Int64?)] {
        try db.all(
            """
            SELECT \(CertificateRow.columns), leaf.seq FROM certificate
            LEFT JOIN leaf ON leaf.batch = certificate.batch ORDER BY certificate.id
            """
        ) { (CertificateRow($0), $0.optionalInteger(5)) }
    }

    /// All rows by user and serial.
    static func rowsByUser(_ db: Connection) throws -> [CertificateRow] {
        try db.all("SELECT \(CertificateRow.columns) FROM certificate ORDER BY userId, serial") { CertificateRow($0) }
    }

    /// All who are or were users, by name.
    static func users(_ db: Connection) throws -> [String] {
        try db.all("SELECT DISTINCT userId FROM certificate ORDER BY userId") { $0.text(0) }
    }

    /// The serial of a user's newest row; nil where he has none.
    static func newestSerial(of user: String, _ db: Connection) throws -> Int64? {
        try db.integer("SELECT MAX(serial) FROM certificate WHERE userId = ?", [.text(user)])
    }

    /// The newest row of each user, as it reads.
    static func newest(_ db: Connection) throws -> [(user: String, serial: Int64, note: [UInt8])] {
        try db.all(
            """
            SELECT userId, serial, note FROM certificate AS one
            WHERE serial = (SELECT MAX(serial) FROM certificate WHERE userId = one.userId)
            """
        ) { ($0.text(0), $0.integer(1), $0.bytes(2)) }
    }

    /// The ledger lines of all rows that have one, by the number of the row.
    static func lines(_ db: Connection) throws -> [(id: Int64, line: Int64)] {
        try db.all(
            """
            SELECT certificate.id, leaf.seq FROM certificate
            JOIN leaf ON leaf.batch = certificate.batch ORDER BY certificate.id
            """
        ) { ($0.integer(0), $0.integer(1)) }
    }
}

extension RowWriter {
    func insertCertificate(user: String, serial: Int64, note: [UInt8]) throws {
        try insert(.certificate, [.integer(nextID(.certificate)), .text(user), .integer(serial), .blob(note)])
    }
}
