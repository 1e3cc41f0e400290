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
