import CanonicalJSON
import ProbityCrypto
import ProbityLedger
import ProbityRecords

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
