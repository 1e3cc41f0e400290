import CanonicalJSON
import ProbityCrypto
import ProbityLedger

// Who opens the database file (页密钥).
//
//   page key  --HPKE-->  each user with a certificate in force, and the recovery key
//
// The wraps cannot stand in the database that they open: they are in `Keys/pages/<file id>.json`, one file for each
// database file, named after the random id that the file got when it was made. A rotation makes a new database under a new
// key beside the old one; at any moment the wraps of every database that stands at `archive.db`, or may, are there.
//
// The page key keeps thieves out. It opens no record: what a colleague may read is decided by the keys inside.

/// The wraps of one database file's page key: `Keys/pages/<file id>.json`.
struct PageKeyFile: Equatable, Sendable {
    /// A user's wrap, and the serial of the certificate whose agreement key it is made to.
    struct Wrap: Equatable, Sendable {
        let serial: Int64
        let bytes: [UInt8]
    }

    let archiveID: String
    let fileID: String
    /// Counts the archive's page keys, from 1.
    let generation: Int64
    var recovery: [UInt8]
    var wraps: [String: Wrap]

    static func folder(_ archive: String) -> String { archive + "/Keys/pages" }
    func path(_ archive: String) -> String { "\(PageKeyFile.folder(archive))/\(fileID).json" }

    private static func context(archiveID: String, fileID: String, from: String) -> [UInt8] {
        KeyGraph.context(archiveID: archiveID, from: from, to: "pages:\(fileID)", purpose: "pages")
    }

    init(archiveID: String, fileID: String, generation: Int64, key: borrowing SecretBytes, recoveryKey: X25519PublicKey)
        throws
    {
        self.archiveID = archiveID
        self.fileID = fileID
        self.generation = generation
        recovery = try PersonWrap.wrap(
            key, to: recoveryKey,
            context: PageKeyFile.context(archiveID: archiveID, fileID: fileID, from: "recovery"))
        wraps = [:]
    }

    /// Wraps the key to the agreement key of a certificate.
    mutating func admit(_ certificate: Certificate, key: borrowing SecretBytes) throws {
        let user = certificate.user
        let wrapped = try PersonWrap.wrap(
            key, to: certificate.agreementKey,
            context: PageKeyFile.context(archiveID: archiveID, fileID: fileID, from: "user:\(user)"))
        wraps[user] = Wrap(serial: certificate.serial, bytes: wrapped)
    }

    /// The page key, with the user's own key; throws ``CryptoError`` where the wrap is another key's or damaged.
    func open(user: String, wrap: Wrap, with key: X25519PrivateKey) throws(CryptoError) -> SecretBytes {
        try PersonWrap.unwrap(
            wrap.bytes, with: key,
            context: PageKeyFile.context(archiveID: archiveID, fileID: fileID, from: "user:\(user)"))
    }

    // MARK: On disk

    var text: String {
        let members = wraps.mapValues { wrap -> JSONValue in
            ["serial": .integer(wrap.serial), "wrap": .string(Base64.encode(wrap.bytes))]
        }
        return JSONValue.object([
            "v": .integer(1), "type": .string("pages"), "archive": .string(archiveID), "file": .string(fileID),
            "generation": .integer(generation), "recovery": .string(Base64.encode(recovery)), "users": .object(members),
        ]).canonicalText + "\n"
    }

    init?(parsing bytes: [UInt8]) {
        guard bytes.last == 0x0A, let value = JSONReader.value(Array(bytes.dropLast())), value["v"] == 1,
            value["type"] == "pages", let archiveID = value["archive"]?.string, let fileID = value["file"]?.string,
            let generation = value["generation"]?.integer,
            let recovery = value["recovery"]?.string.flatMap(Base64.decode), let users = value["users"]?.object
        else { return nil }
        self.archiveID = archiveID
        self.fileID = fileID
        self.generation = generation
        self.recovery = recovery
        wraps = [:]
        for (user, member) in users {
            guard let serial = member["serial"]?.integer, let wrap = member["wrap"]?.string.flatMap(Base64.decode)
            else {
                return nil
            }
            wraps[user] = Wrap(serial: serial, bytes: wrap)
        }
    }

    func write(_ archive: String) throws {
        try Files.write(Array(text.utf8), to: path(archive), mode: 0o660, replacing: true)
    }

    /// All of an archive's, newest generation first. Between a rotation's steps there are two.
    ///
    /// - Throws: ``ArchiveError`` `notFound` where the folder has none, `damagedKey` where one cannot be read.
    static func all(_ archive: String) throws -> [PageKeyFile] {
        guard Files.exists(folder(archive)) else { return [] }
        let names = try Files.names(below: folder(archive)).filter { $0.hasSuffix(".json") }
        return try names.map { name in
            let path = "\(folder(archive))/\(name)"
            guard let file = PageKeyFile(parsing: try Files.read(path)), name == file.fileID + ".json" else {
                throw ArchiveError(.damagedKey, "the file of the page key is damaged", subject: path)
            }
            return file
        }.sorted { $0.generation > $1.generation }
    }
}
