import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import Synchronization

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

    /// Wraps the key to a user's agreement key.
    mutating func admit(user: String, serial: Int64, agreementKey: X25519PublicKey, key: borrowing SecretBytes) throws {
        let wrapped = try PersonWrap.wrap(
            key, to: agreementKey,
            context: PageKeyFile.context(archiveID: archiveID, fileID: fileID, from: "user:\(user)"))
        wraps[user] = Wrap(serial: serial, bytes: wrapped)
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

/// The page key of an open archive, with its wraps.
final class PageKey: Sendable {
    let secret: SecretBytes
    private let wraps: Mutex<PageKeyFile>

    init(_ secret: consuming SecretBytes, _ file: PageKeyFile) {
        self.secret = secret
        wraps = Mutex(file)
    }

    fileprivate(set) var file: PageKeyFile {
        get { wraps.withLock { $0 } }
        set { wraps.withLock { $0 = newValue } }
    }
}

extension Archive {
    /// Whether exactly the users with a certificate hold the page key, by the numbers of their certificates.
    func pageKeyIsCurrent(_ db: Database) throws -> Bool {
        let rows = try Row.fetchAll(db, sql: "SELECT user, MAX(serial) AS serial FROM certificate GROUP BY user")
        let serials = Dictionary(uniqueKeysWithValues: rows.map { ($0["user"] as String, $0["serial"] as Int64) })
        return serials == pageKey.file.wraps.mapValues(\.serial)
    }

    /// Wraps the page key to every user whose certificate is in force, and to nobody else.
    ///
    /// A certificate comes into force with its ledger line; the wrap follows. A crash between the two leaves a user who
    /// cannot open the archive yet: whoever opens it next makes up for it.
    func wrapPageKey() throws {
        let isCurrent = try snapshot { try pageKeyIsCurrent($0) }
        guard !isCurrent else { return }
        let lock = try writeLock("page key")
        defer { withExtendedLifetime(lock) {} }
        let inForce = try snapshot { try certificates($0) }
        // Somebody else may have been quicker.
        var file = try PageKeyFile.all(path).first { $0.fileID == pageKey.file.fileID } ?? pageKey.file
        file.wraps = file.wraps.filter { user, _ in inForce.contains { $0.user == user } }
        for certificate in inForce where file.wraps[certificate.user]?.serial != certificate.serial {
            try file.admit(
                user: certificate.user, serial: certificate.serial, agreementKey: certificate.agreementKey,
                key: pageKey.secret)
        }
        try file.write(path)
        pageKey.file = file
    }
}

extension Archive {
    /// Copies the database as it is now, page by page, into a new file under a new page key.
    ///
    /// Others go on reading and writing meanwhile; the copy is what stood there when it began. It is on disk, without a
    /// log, when this returns; its key is known to the page store.
    func copyDatabase(
        to database: String, generation: Int64, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> PageKey {
        let secret = SecretBytes(randomByteCount: PageStore.keyByteCount)
        try PageStore.addKey(secret, for: database)
        return try ArchiveDatabase.converting {
            let copy = try DatabaseQueue(
                path: database, configuration: ArchiveDatabase.configuration(lockWaitSeconds: 5))
            try withoutActuallyEscaping(progress) { progress in
                try pool.backup(to: copy, pagesPerStep: 1024) {
                    progress(UInt64($0.completedPageCount), UInt64($0.totalPageCount))
                }
            }
            let fileID = try copy.writeWithoutTransaction { try PageStore.fileID($0) }
            let inForce = try copy.read { try certificates($0) }
            try copy.close()
            try Files.setMode(database, 0o660)
            var file = try PageKeyFile(
                archiveID: header.archiveID, fileID: fileID, generation: generation, key: secret,
                recoveryKey: header.recoveryKey)
            for certificate in inForce {
                try file.admit(
                    user: certificate.user, serial: certificate.serial, agreementKey: certificate.agreementKey,
                    key: secret)
            }
            return PageKey(secret.copy(), file)
        }
    }
}
