import CanonicalJSON
public import ProbityCrypto
import ProbityLedger
public import ProbityRecords

// Certificates and grants are signed notes over one line of canonical JSON (crypto.md §2). Nobody can make either alone:
//
//   certificate  the user's own key (possession) + a security administrator + a third: for a content role a serving holder
//                of that role, for an administrator's role or for "officer: none" another administrator
//   grant        a holder of the node + a security administrator
//
// The first ones carry the signatures of the ceremony, where the founding holders stand in for serving ones.
//
// A leave ends a certificate and takes one signature, a security administrator's: it gives nobody anything. It stands among
// the certificates under the next serial, so that a user's newest row says who he is now.

/// Who a user (用户) is: his role, scope, public keys, and the officer he is.
public struct Certificate: Sendable, Equatable {
    public let user: String
    public let serial: Int64
    public let role: Role
    /// Root of the unit subtree that the user serves.
    public let unit: String
    /// The officer whom the user is; nil says that he has no file in the archive.
    public let officer: Int64?
    public let signingKey: Ed25519PublicKey
    public let agreementKey: X25519PublicKey
    public let validFrom: CivilDate

    /// The text that is signed: one line.
    func text(archiveID: String) -> String {
        JSONValue.object([
            "v": .integer(1), "type": .string("certificate"), "archive": .string(archiveID), "user": .string(user),
            "serial": .integer(serial), "role": .string(role.rawValue), "unit": .string(unit),
            "officer": .string(officer.map { OfficerID($0).text } ?? "none"),
            "signingKey": .string(Hex.text(signingKey.rawBytes)),
            "agreementKey": .string(Hex.text(agreementKey.rawBytes)),
            "validFrom": .string(validFrom.description),
        ]).canonicalText + "\n"
    }

    /// Reads a certificate's text; signatures are not looked at here.
    init(text: String, archiveID: String) throws {
        let value = try Certificate.line(text, type: "certificate", archiveID: archiveID)
        guard let user = value["user"]?.string, UserID.isValid(user), let serial = value["serial"]?.integer,
            let role = value["role"]?.string.flatMap(Role.init(rawValue:)), let unit = value["unit"]?.string,
            let officer = value["officer"]?.string, let signing = value["signingKey"]?.string.flatMap(Hex.bytes),
            let agreement = value["agreementKey"]?.string.flatMap(Hex.bytes),
            let from = value["validFrom"]?.string.flatMap({ CivilDate($0) })
        else { throw ArchiveError(.integrity, "a certificate lacks a field or has one of another form") }
        self.user = user
        self.serial = serial
        self.role = role
        self.unit = unit
        if officer == "none" {
            self.officer = nil
        } else {
            guard let id = OfficerID(officer) else {
                throw ArchiveError(.integrity, "a certificate names an officer in another form")
            }
            self.officer = id.number
        }
        self.signingKey = try Ed25519PublicKey(rawBytes: signing)
        self.agreementKey = try X25519PublicKey(rawBytes: agreement)
        self.validFrom = from
    }

    init(
        user: String, serial: Int64, role: Role, unit: String, officer: Int64?, signingKey: Ed25519PublicKey,
        agreementKey: X25519PublicKey, validFrom: CivilDate
    ) {
        self.user = user
        self.serial = serial
        self.role = role
        self.unit = unit
        self.officer = officer
        self.signingKey = signingKey
        self.agreementKey = agreementKey
        self.validFrom = validFrom
    }

    static func line(_ text: String, type: String, archiveID: String) throws -> JSONValue {
        let line = text.hasSuffix("\n") ? String(text.dropLast()) : text
        let value: JSONValue
        do {
            value = try JSONValue(parsing: Array(line.utf8))
        } catch {
            throw ArchiveError(.integrity, "a \(type) is not one line of JSON")
        }
        guard value.canonicalText == line, value["v"]?.integer == 1, value["type"]?.string == type,
            value["archive"]?.string == archiveID
        else { throw ArchiveError(.integrity, "a \(type) is not canonical or belongs to another archive") }
        return value
    }
}

/// That a user has left (离任): from its ledger line on he has no certificate in force.
struct Leave: Equatable {
    let user: String
    /// The number after that of the certificate that it ends.
    let serial: Int64
    let date: CivilDate

    func text(archiveID: String) -> String {
        JSONValue.object([
            "v": .integer(1), "type": .string("leave"), "archive": .string(archiveID), "user": .string(user),
            "serial": .integer(serial), "on": .string(date.description),
        ]).canonicalText + "\n"
    }

    init(user: String, serial: Int64, date: CivilDate) {
        self.user = user
        self.serial = serial
        self.date = date
    }

    init(text: String, archiveID: String) throws {
        let value = try Certificate.line(text, type: "leave", archiveID: archiveID)
        guard let user = value["user"]?.string, UserID.isValid(user), let serial = value["serial"]?.integer,
            let date = value["on"]?.string.flatMap({ CivilDate($0) })
        else { throw ArchiveError(.integrity, "a leave lacks a field or has one of another form") }
        self.init(user: user, serial: serial, date: date)
    }
}

/// What a row of the table `certificate` says of its user.
enum UserNote {
    case certificate(Certificate)
    case leave(Leave)

    /// Reads the text of either; signatures are not looked at here.
    init(text: String, archiveID: String) throws {
        self =
            try UserNote.isLeave(Array(text.utf8))
            ? .leave(Leave(text: text, archiveID: archiveID))
            : .certificate(Certificate(text: text, archiveID: archiveID))
    }

    /// Whether a note, whole or its text alone, says that it is a leave.
    static func isLeave(_ note: [UInt8]) -> Bool {
        JSONReader.value(Array(note.prefix { $0 != 0x0A }))?["type"] == "leave"
    }

    var user: String {
        switch self {
        case .certificate(let certificate): certificate.user
        case .leave(let leave): leave.user
        }
    }

    var serial: Int64 {
        switch self {
        case .certificate(let certificate): certificate.serial
        case .leave(let leave): leave.serial
        }
    }
}

/// What a grant (授权) says.
struct Grant: Equatable {
    let user: String
    /// Serial of the certificate whose agreement key the wrap is made to.
    let serial: Int64
    let place: NodePlace
    let key: Int64
    /// SHA-256 of the wrap that the grant is about.
    let wrapDigest: SHA256Digest
    let notBefore: CivilDate
    /// The last day of the grant; nil until revoked.
    let notAfter: CivilDate?

    func text(archiveID: String) -> String {
        JSONValue.object([
            "v": .integer(1), "type": .string("grant"), "archive": .string(archiveID), "user": .string(user),
            "serial": .integer(serial), "category": .string(place.category.rawValue), "unit": .string(place.unit),
            "key": .integer(key),
            "wrap": .string(Hex.text(wrapDigest.bytes)), "notBefore": .string(notBefore.description),
            "notAfter": notAfter.map { .string($0.description) } ?? .null,
        ]).canonicalText + "\n"
    }

    init(
        to certificate: Certificate, place: NodePlace, key: Int64, wrap: [UInt8], notBefore: CivilDate,
        notAfter: CivilDate?
    ) {
        self.user = certificate.user
        self.serial = certificate.serial
        self.place = place
        self.key = key
        self.wrapDigest = SHA256Digest.hash(wrap)
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    init(text: String, archiveID: String) throws {
        let value = try Certificate.line(text, type: "grant", archiveID: archiveID)
        guard let user = value["user"]?.string, let serial = value["serial"]?.integer,
            let category = value["category"]?.string.flatMap(Category.init(rawValue:)),
            let unit = value["unit"]?.string, let key = value["key"]?.integer,
            let digest = value["wrap"]?.string.flatMap(Hex.bytes),
            let from = value["notBefore"]?.string.flatMap({ CivilDate($0) })
        else { throw ArchiveError(.integrity, "a grant lacks a field or has one of another form") }
        self.user = user
        self.serial = serial
        self.place = NodePlace(category: category, unit: unit)
        self.key = key
        self.wrapDigest = try SHA256Digest(bytes: digest)
        self.notBefore = from
        if case .null = value["notAfter"] {
            self.notAfter = nil
        } else if let until = value["notAfter"]?.string.flatMap({ CivilDate($0) }) {
            self.notAfter = until
        } else {
            throw ArchiveError(.integrity, "a grant's last day has another form")
        }
    }

    func isInForce(on date: CivilDate) -> Bool { notBefore <= date && (notAfter.map { date <= $0 } ?? true) }
}

/// A user's name in the archive: what stands in notes, folders and the ledger.
public enum UserID {
    /// 2 to 32 characters of a-z, 0-9, dot and hyphen, beginning with a letter.
    public static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (2...32).contains(bytes.count), let first = bytes.first, (0x61...0x7A).contains(first) else {
            return false
        }
        return bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E }
    }
}

/// Names of signers in signed notes.
struct NoteNames {
    let bureauID: String
    var ledger: String { "probity.\(bureauID)/ledger" }
    func user(_ user: String) -> String { "probity.\(bureauID)/user/\(user)" }

    /// The user whom a signer's name stands for.
    func userID(_ name: String) -> String? {
        let prefix = "probity.\(bureauID)/user/"
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }
}

/// An officer's opaque number as people see it: `O-` and 13 characters of Crockford's base 32.
public struct OfficerID: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
    public init?(_ text: String) {
        guard let number = Base32.number(text, prefix: "O-") else { return nil }
        self.number = number
    }
    public var text: String { Base32.text(number, prefix: "O-") }
    public var description: String { text }
}

/// A record's or version's number as people see it: `R-` and 13 characters of Crockford's base 32.
public struct RecordID: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
    public init?(_ text: String) {
        guard let number = Base32.number(text, prefix: "R-") else { return nil }
        self.number = number
    }
    public var text: String { Base32.text(number, prefix: "R-") }
    public var description: String { text }
    var dossier: Int64 { number >> 20 }
}

/// A drop-box item's number as people see it.
public struct TrayID: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
    public init?(_ text: String) {
        guard let number = Base32.number(text, prefix: "T-") else { return nil }
        self.number = number
    }
    public var text: String { Base32.text(number, prefix: "T-") }
    public var description: String { text }
}

/// Crockford's base 32: no I, L, O or U, so that a number survives being read aloud.
enum Base32 {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    static func text(_ number: Int64, prefix: String) -> String {
        let value = UInt64(bitPattern: number)
        let characters = (0..<13).map { alphabet[Int(truncatingIfNeeded: (value >> (60 - 5 * UInt64($0))) & 31)] }
        return prefix + String(decoding: characters, as: UTF8.self)
    }

    static func number(_ text: String, prefix: String) -> Int64? {
        let upper = text.uppercased()
        guard upper.hasPrefix(prefix) else { return nil }
        return unsigned(String(upper.dropFirst(prefix.count))).flatMap { Int64(exactly: $0) }
    }

    /// The number of 13 characters, upper case; nil for anything else.
    static func unsigned(_ text: String) -> UInt64? {
        let characters = Array(text.utf8)
        guard characters.count == 13 else { return nil }
        var value: UInt64 = 0
        for (index, character) in characters.enumerated() {
            guard let digit = alphabet.firstIndex(of: character), index > 0 || digit < 16 else { return nil }
            value = value << 5 | UInt64(digit)
        }
        return value
    }
}

/// Lower-case hexadecimal.
enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func bytes(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: characters.count, by: 2) {
            guard let high = digits.firstIndex(of: characters[index]),
                let low = digits.firstIndex(of: characters[index + 1])
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
