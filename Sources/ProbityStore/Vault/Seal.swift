import CanonicalJSON
import ProbityCrypto

/// What does not open inside the archive.
enum Seal {
    /// Turns a failed decryption of something in the archive into the archive's error: the bytes there are not ours.
    static func opening<T: ~Copyable>(_ what: @autoclosure () -> String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as CryptoError {
            throw ArchiveError(
                error.code == .unsupported ? .unsupported : .integrity, "\(what()) does not open: \(error.reason)")
        }
    }
}

/// Canonical JSON in the archive is always valid; where it is not, the caller has a better word for it than a syntax error.
enum JSONReader {
    static func value(_ bytes: [UInt8]) -> JSONValue? {
        do throws(JSONError) { return try JSONValue(parsing: bytes) } catch { return nil }
    }
}
