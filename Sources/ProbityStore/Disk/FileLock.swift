import Glibc

/// An advisory lock on a file that tells who holds it; the kernel drops it when the process ends, however it ends.
final class FileLock: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Waits for the lock of `path` up to `waitSeconds`.
    ///
    /// - Parameter holder: one line written into the file while it is held; identifiers only. nil takes the lock shared:
    ///   any number of programs hold it so, and keep out who wants it alone.
    /// - Throws: ``ArchiveError`` `locked`, whose subject is the line of the present holder.
    init(path: String, holder: String?, waitSeconds: Double) throws {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o660)
        guard descriptor >= 0 else {
            let readOnly = errno == EROFS || errno == EACCES || errno == ENOSPC
            let failure = Files.failure("open the lock", path)
            throw readOnly ? ArchiveError(.ledgerNotWritable, failure.reason, subject: path) : failure
        }
        self.descriptor = descriptor
        self.path = path
        try take(holder, waitSeconds: waitSeconds)
    }

    /// Takes the lock; one that is held shared becomes this program's alone, once the others have let go of theirs.
    func take(_ holder: String?, waitSeconds: Double) throws {
        let deadline = ContinuousClock.now + .seconds(waitSeconds)
        while flock(descriptor, (holder == nil ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw Files.failure("lock", path) }
            guard ContinuousClock.now < deadline else {
                let present = FileLock.line(of: descriptor)
                throw ArchiveError(.locked, "another program holds \(path): \(present)", subject: present)
            }
            usleep(2_000)
        }
        guard let holder else { return }
        let line = Array((holder + "\n").utf8)
        // The line only helps people; a full disk must not turn a held lock into a failure. What a longer line left behind
        // its line end is nobody's: cutting the file would cost a flush when it is closed.
        _ = unsafe line.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Makes a lock that is held alone a shared one again, which nobody can refuse.
    func share() { _ = flock(descriptor, LOCK_SH) }

    /// Whether somebody holds the lock of `path` now.
    static func isHeld(_ path: String) -> Bool { holder(path) != nil }

    /// Who holds the lock of `path` now; nil where nobody does.
    static func holder(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        return line(of: descriptor)
    }

    private static func line(of descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return "unknown" }
        return String(decoding: buffer[..<count].prefix { $0 != 0x0A }, as: UTF8.self)
    }

    deinit {
        // Closing the last descriptor of the open file releases the lock.
        close(descriptor)
    }
}
