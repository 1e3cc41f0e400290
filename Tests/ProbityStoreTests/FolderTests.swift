import Foundation
import Glibc
import ProbityTestSupport
import Testing

@testable import ProbityStore

/// A folder that others of the group write too.
@Suite("Files in a shared folder")
struct FolderTests {
    @Test("A file that somebody made beforehand under the old name of what is being written is not written to")
    func made() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/key.pem"
        // As a member of the group would leave it open.
        try Data("theirs".utf8).write(to: URL(filePath: path + ".new"))
        try Files.write(Array("secret".utf8), to: path, mode: 0o600)
        #expect(try String(contentsOfFile: path + ".new", encoding: .utf8) == "theirs")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "secret")
        #expect(try Files.names(below: folder.path).sorted() == ["key.pem", "key.pem.new"])
        // What cannot be put in place leaves nothing behind.
        try FileManager.default.createDirectory(atPath: folder.path + "/taken/x", withIntermediateDirectories: true)
        #expect(throws: ArchiveError.self) {
            try Files.write([1], to: folder.path + "/taken", mode: 0o600, replacing: true)
        }
        #expect(try Files.names(below: folder.path).sorted() == ["key.pem", "key.pem.new"])
    }

    @Test("A backup follows no link out of the key folder and waits for no pipe there", .timeLimit(.minutes(10)))
    func linked() throws {
        let fixture = try Fixture(withRecords: false)
        let outside = fixture.folder.path + "/outside"
        try Data("not a key of the archive".utf8).write(to: URL(filePath: outside))
        let keys = fixture.archive.keysFolder
        #expect(unsafe symlink(outside, keys + "/mallory.sign.pem") == 0)
        #expect(unsafe mkfifo(keys + "/eve.sign.pem", 0o660) == 0)
        let path = fixture.folder.path + "/backup"
        let summary = try fixture.session("sysadmin1").createBackup(to: path)
        #expect(summary.usersWithoutKeys == ["eve", "mallory"])
        #expect(try !Files.names(below: path).contains { $0.contains("mallory") || $0.contains("eve") })
    }
}
