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

    /// The first half of the SHA-256 of both public keys, in groups of four hexadecimal digits: what a newcomer reads out to
    /// those who sign for him.
    public var keyFingerprint: String { Fingerprint.text(signingKey.rawBytes + agreementKey.rawBytes) }

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
        guard signingKey.isSound, agreementKey.isSound else {
            throw ArchiveError(.integrity, "a certificate has a key of small order")
        }
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

/// What two persons compare by eye or on the telephone.
enum Fingerprint {
    /// The first half of the SHA-256, in groups of four hexadecimal digits.
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array(Hex.text(SHA256Digest.hash(bytes).bytes).prefix(32))
        return stride(from: 0, to: 32, by: 4).map { String(digits[$0..<$0 + 4]) }.joined(separator: " ")
    }
}
