import Foundation
import GRDB
import ProbityCrypto
import ProbityTestSupport
import Testing

@testable import ProbityStore

@Suite("Recovery")
struct RecoveryTests {
    @Test("A sheet comes back from what a person types, however he groups and cases it")
    func roundTrip() throws {
        for _ in 0..<200 {
            let sheet = try RecoverySheet()
            let lines = sheet.lines
            #expect(lines.count == 4)
            let typed = [
                lines[0].lowercased(), lines[1].filter { $0 != "-" && $0 != " " },
                String(lines[2].dropFirst(3)), lines[3].replacing("0", with: "O").replacing("1", with: "l"),
            ]
            let again = try RecoverySheet(typed: typed)
            #expect(again.publicKey == sheet.publicKey)
            #expect((1...4).allSatisfy { sheet.matches(typed[$0 - 1], number: $0) })
        }
    }

    @Test("A wrong character, swapped characters, swapped lines and a missing line are refused, and the line is named")
    func mistakes() throws {
        var random = SeededGenerator(seed: 7)
        var unseen = 0
        for _ in 0..<300 {
            let sheet = try RecoverySheet()
            let number = Int.random(in: 0..<4, using: &random)
            var lines = sheet.lines
            var characters = Array(lines[number])
            let places = characters.indices.dropFirst(3).filter { characters[$0] != "-" }
            let place = try #require(places.randomElement(using: &random))
            let other = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".filter { $0 != characters[place] }
            characters[place] = try #require(other.randomElement(using: &random))
            lines[number] = String(characters)
            do {
                _ = try RecoverySheet(typed: lines)
                unseen += 1
            } catch let error as ArchiveError {
                #expect(error.code == .invalidEntry && error.subject == String(number + 1))
            }
        }
        // Ten bits of check let one mistake in 1,024 through.
        #expect(unseen <= 4)
        let sheet = try RecoverySheet()
        var swapped = sheet.lines
        swapped.swapAt(0, 1)
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            try RecoverySheet(typed: swapped.map { String($0.dropFirst(3)) })
        }
        #expect(throws: ArchiveError(.invalidEntry, "")) { try RecoverySheet(typed: Array(sheet.lines.dropLast())) }
        #expect(throws: ArchiveError(.invalidEntry, "")) { try RecoverySheet(typed: ["", "x", "ÄÖ", "1"]) }
        #expect(!sheet.matches(sheet.lines[0], number: 2) && !sheet.matches(sheet.lines[0], number: 9))
    }

    @Test("The sheet of the bytes 0 to 31, made by another program")
    func known() throws {
        let sheet = try RecoverySheet(typed: [
            "1  0008-20C2-0A1G7-E7",
            "2  0G28-A1C6-0T3GF-S7",
            "3  1048-J2CA-1A5GQ-C9",
            "4  1G68-T3CE-1T7GZ-B2",
        ])
        #expect(try sheet.privateKey().rawSecret().revealed() == Array(0..<32))
        #expect(sheet.lines[0] == "1  0008-20C2-0A1G7-E7")
    }

    @Test("The paper key opens every node but those of the reporters, nodes made later among them")
    func everyNode() throws {
        let fixture = try Fixture()
        let archive = fixture.archive
        try archive.raw { db in
            let keys = try Row.fetchAll(db, sql: "SELECT id, category, unit FROM key WHERE kind = 'node'")
            #expect(keys.contains { $0["unit"] == "U01" })
            for key in keys {
                let id: Int64 = key["id"]
                let wraps = try Data.fetchAll(
                    db, sql: "SELECT wrapped FROM wrap WHERE key = ? AND byRecovery = 1", arguments: [id])
                #expect(wraps.count == (key["category"] == "reporter" ? 0 : 1))
                for wrap in wraps {
                    let secret = try PersonWrap.unwrap(
                        [UInt8](wrap), with: fixture.recoveryKey,
                        context: KeyGraph.context(
                            archiveID: archive.header.archiveID, from: "recovery",
                            to: "key:\(id):\(key["category"] as String):\(key["unit"] as String)", purpose: "node"))
                    #expect(secret.count == 32)
                }
            }
        }
    }
}
