import Foundation
import Glibc
import ProbityCrypto
import ProbityLedger

/// The few things the archive does to files beside the database, each durable when it returns.
enum Files {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Makes the folder `path`, for the archive's own group only (design §4: 2770, so that a new file keeps the group).
    static func makeFolder(_ path: String, mode: mode_t = 0o2770) throws {
        guard unsafe mkdir(path, mode) == 0 else { throw failure("make the folder", path) }
        // mkdir honours the umask; the mode of an archive folder does not depend on who made it.
        guard unsafe chmod(path, mode) == 0 else { throw failure("set the mode of", path) }
    }

    static func setMode(_ path: String, _ mode: mode_t) throws {
        guard unsafe chmod(path, mode) == 0 else { throw failure("set the mode of", path) }
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw failure("read", path) }
        return [UInt8](data)
    }

    /// The first bytes of a file, at most `count`.
    static func read(_ path: String, upTo count: Int) throws -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let found = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard found >= 0 else { throw failure("read", path) }
        return Array(bytes.prefix(found))
    }

    /// Writes `bytes` to a new file beside `path`, syncs it, and renames it into place: whole or not at all.
    ///
    /// - Parameter replacing: false refuses a file that exists.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t, replacing: Bool = false) throws {
        if !replacing, exists(path) { throw ArchiveError(.alreadyExists, "a file exists already", subject: path) }
        // A name that nobody foresees, and a file that is ours: in a folder of a group somebody else could have made it, and
        // would have it open.
        let temporary = "\(path).\(Hex.text(RandomBytes.bytes(8))).new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("write", path) }
        defer { close(descriptor) }
        do {
            try write(bytes, to: descriptor, path)
            guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0, unsafe rename(temporary, path) == 0 else {
                throw failure("write", path)
            }
        } catch {
            remove(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Writes a new file piece by piece, on disk when it returns; its whole is never in memory.
    ///
    /// - Parameter fill: gets a function that takes the next piece.
    /// - Returns: the digest of what was written.
    static func write(
        to path: String, mode: mode_t, _ fill: (_ receive: ([UInt8]) throws -> Void) throws -> Void
    ) throws -> SHA256Digest {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("write", path) }
        defer { close(descriptor) }
        var hasher = SHA256()
        var pending: [UInt8] = []
        func flush() throws {
            hasher.update(pending)
            try write(pending, to: descriptor, path)
            pending.removeAll(keepingCapacity: true)
        }
        try fill { piece in
            pending += piece
            if pending.count >= pieceByteCount { try flush() }
        }
        try flush()
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else { throw failure("write", path) }
        try syncFolder(of: path)
        return hasher.finish()
    }

    /// A rename is durable only when its folder is.
    static func syncFolder(of path: String) throws {
        let folder = folder(of: path)
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the folder", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync the folder", folder) }
    }

    /// The size of a file in bytes; 0 where there is none.
    static func byteCount(_ path: String) throws -> Int64 {
        var information = stat()
        if unsafe stat(path, &information) == 0 { return Int64(information.st_size) }
        guard errno == ENOENT else { throw failure("look at", path) }
        return 0
    }

    /// Removes a file that may be gone already.
    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Removes a database that nobody has open, with what SQLite makes beside it.
    static func removeDatabase(_ path: String) {
        for ending in ["", "-wal", "-shm"] { remove(path + ending) }
    }

    /// What tells a file from another that took its name.
    static func identity(_ path: String) throws -> UInt64 {
        var information = stat()
        guard unsafe stat(path, &information) == 0 else { throw failure("look at", path) }
        return UInt64(information.st_ino)
    }

    /// Whether there is a file of that name itself, no link to one and no pipe, that can be read.
    static func isReadable(_ path: String) -> Bool {
        var information = stat()
        guard unsafe lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, R_OK) == 0
    }

    private static let pieceByteCount = 1 << 18

    /// Runs `body` on the pieces of a file, in order; it follows no link and waits for no pipe.
    private static func forEachPiece(of path: String, _ body: ([UInt8]) throws -> Void) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw ArchiveError(.inputOutput, "this is no file", subject: path, rule: "disk.failed")
        }
        var buffer = [UInt8](repeating: 0, count: pieceByteCount)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { return }
            try body(Array(buffer[..<count]))
        }
    }

    /// SHA-256 of a file's bytes, in hex.
    static func digest(_ path: String) throws -> String {
        var hasher = SHA256()
        try forEachPiece(of: path) { hasher.update($0) }
        return hasher.finish().description
    }

    /// Copies a file to a new one, on disk when it returns.
    static func copy(_ path: String, to target: String, mode: mode_t) throws {
        let descriptor = unsafe open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("write", target) }
        defer { close(descriptor) }
        try forEachPiece(of: path) { try write($0, to: descriptor, target) }
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else { throw failure("write", target) }
        try syncFolder(of: target)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write", path)
            }
            written += count
        }
    }

    /// Relative paths of all files below a folder.
    static func names(below path: String) throws -> [String] {
        let root = URL(filePath: path, directoryHint: .isDirectory)
        var names: [String] = []
        func visit(_ folder: URL, _ prefix: String) throws {
            for entry in try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.isDirectoryKey])
            {
                let name = prefix + entry.lastPathComponent
                let isFolder = try entry.resourceValues(forKeys: [.isDirectoryKey]).isDirectory ?? false
                if isFolder { try visit(entry, name + "/") } else { names.append(name) }
            }
        }
        do {
            try visit(root, "")
        } catch {
            throw ArchiveError(
                .notFound, "there is no folder that can be read at this path", subject: path, rule: "disk.noFolder")
        }
        return names
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func failure(_ verb: String, _ path: String) -> ArchiveError {
        let number = errno
        // Only the archive itself can be not found: who opens one looks for it first.
        let rule: String? =
            switch number {
            case EEXIST: nil
            case ENOENT, ENOTDIR: "disk.missing"
            case EACCES, EPERM, EROFS: "disk.denied"
            case ENOSPC, EDQUOT: "disk.full"
            default: "disk.failed"
            }
        return ArchiveError(
            number == EEXIST ? .alreadyExists : .inputOutput,
            "cannot \(verb) \(path): \(unsafe String(cString: strerror(number)))", subject: path, rule: rule)
    }

    // MARK: Folders that are made whole

    /// - Throws: ``ArchiveError`` `alreadyExists`.
    static func demandNothing(at path: String) throws {
        guard !exists(path) else {
            throw ArchiveError(.alreadyExists, "something is at this path", subject: path)
        }
    }

    /// Refuses a place that is taken, or whose folder is missing or cannot be written, before an act is done whose result
    /// goes there.
    ///
    /// - Throws: ``ArchiveError`` `alreadyExists`, `inputOutput`.
    static func demandPlace(at path: String) throws {
        try demandNothing(at: path)
        let folder = folder(of: path)
        guard unsafe access(folder, W_OK | X_OK) == 0 else { throw failure("write", path) }
    }

    /// Makes the folder `path` by filling one beside it and renaming that: a folder of the name is whole, and nothing is left
    /// of one that failed.
    ///
    /// - Parameters:
    ///   - what: what it is, for the error where what failed cannot be removed.
    ///   - fill: gets the folder to fill.
    static func makeWhole<T>(
        _ path: String, mode: mode_t = 0o2770, _ what: String, _ fill: (String) throws -> T
    ) throws -> T {
        try demandPlace(at: path)
        let work = path + ".making-\(getpid())"
        try makeFolder(work, mode: mode)
        do {
            let made = try fill(work)
            guard unsafe rename(work, path) == 0 else { throw failure("make", path) }
            try syncFolder(of: path)
            return made
        } catch {
            do { try FileManager.default.removeItem(atPath: work) } catch {
                throw ArchiveError(.inputOutput, "a half-made \(what) cannot be removed", subject: work)
            }
            throw error
        }
    }
}
