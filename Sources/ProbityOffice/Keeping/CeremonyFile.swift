import CanonicalJSON
import Foundation
import ProbityCrypto
import ProbityRecords
import ProbityStore

extension Founding {
    /// Reads a ceremony from a JSON file; the format is in docs/formats.md.
    ///
    /// - Parameter recovery: the recovery key, where the ceremony makes one instead of naming a file.
    /// - Throws: ``OfficeError`` `inputOutput` for a file that cannot be read, `invalidEntry` for one that is malformed.
    public init(file path: String, recovery: RecoveryPaper?) throws {
        let file = CeremonyFile(path: path, value: try CeremonyFile.parse(path))
        self.init(
            Ceremony(
                bureauID: try file.text("bureauId"), name: try file.text("name"), units: try file.units(),
                members: try file.members(), recoveryKey: try file.recoveryKey(recovery)))
    }
}

/// The members of a ceremony's file.
private struct CeremonyFile {
    let path: String
    let value: JSONValue

    static func malformed(_ path: String, _ what: String) -> OfficeError {
        OfficeError(.invalidEntry, "cli.ceremonyForm", ["path": path, "what": what])
    }

    func malformed(_ what: String) -> OfficeError { CeremonyFile.malformed(path, what) }

    static func parse(_ path: String) throws -> JSONValue {
        let bytes = try GivenFile.bytes(path)
        do throws(JSONError) { return try JSONValue(parsing: bytes) } catch {
            throw malformed(path, error.description)
        }
    }

    func text(_ member: String) throws -> String {
        guard let text = value[member]?.string else { throw malformed(member) }
        return text
    }

    func recoveryKey(_ paper: RecoveryPaper?) throws -> X25519PublicKey {
        if let paper {
            // Two keys would leave it open which of them opens the archive.
            guard value["recoveryKey"] == nil else { throw malformed("recoveryKey, --recovery-sheet") }
            return paper.sheet.publicKey
        }
        let name = try text("recoveryKey")
        let folder = URL(filePath: path).deletingLastPathComponent()
        let pem = try GivenFile.text(name.hasPrefix("/") ? name : folder.appending(path: name).path)
        do throws(CryptoError) { return try X25519PublicKey(pem: pem) } catch { throw malformed("recoveryKey") }
    }

    func units() throws -> [ProbityStore.Unit] {
        try (value["units"]?.array ?? []).map { unit in
            guard let id = unit["id"]?.string, let kind = unit["kind"]?.string, let name = unit["name"]?.string else {
                throw malformed("units")
            }
            return ProbityStore.Unit(id: id, parent: unit["parent"]?.string, kind: kind, name: name)
        }
    }

    func members() throws -> [Ceremony.Member] {
        try (value["users"]?.array ?? []).map { user in
            guard let id = user["user"]?.string, let role = user["role"]?.string.flatMap(Role.init(rawValue:)),
                let unit = user["unit"]?.string, let grants = user["grants"]?.array
            else { throw malformed("users") }
            return Ceremony.Member(
                user: id, role: role, unit: unit,
                grants: try grants.map {
                    guard let category = $0.string.flatMap(ProbityRecords.Category.init(rawValue:)) else {
                        throw malformed("users.\(id).grants")
                    }
                    return category
                })
        }
    }
}
