import CanonicalJSON
import Foundation
import ProbityOffice
import ProbityTestSupport
import Testing

extension Office {
    @Suite("Keeping the archive")
    struct KeepingTests {
        private func premises() throws -> Premises { try Premises.shared.get() }

        @Test("The state of the archive, to nobody and to a user")
        func status() throws {
            let words = try Wording(language: "en")
            let outside = try premises().visit(nil).status(words, Premises.passphrase)
            #expect(outside.lines.count == 2 && outside.lines.last == "nobody is writing")
            #expect(try outside.json.parsed["ledgerSize"] == .null && outside.json.parsed["writer"] == .null)
            let inside = try premises().visit("clerk1").status(words, Premises.passphrase)
            #expect(inside.lines.count == 3 && inside.lines[1].hasSuffix("0 open imports, page key 1"))
            #expect(try inside.json.parsed["openImports"] == 0 && inside.json.parsed["users"]?.array?.count == 8)
        }

        @Test("A check and an export end with a verdict; a changed export with findings")
        func verdicts() throws {
            let words = try Wording(language: "zh")
            let check = try premises().visit("clerk1").check(against: nil, words, Premises.passphrase)
            #expect(check.lines.count == 2 && check.lines.last == "结论：完好" && check.outcome == .done)
            #expect(try check.json.parsed["sound"] == true && check.json.parsed["findings"] == [])

            let folder = try TemporaryFolder()
            let out = folder.path + "/export"
            let desk = try premises().desk("inspector1")
            let exported = try desk.exportLedger(into: out, from: nil, to: nil, openings: false)
            #expect(exported.lines.first?.hasPrefix("已导出到 \(out)：") == true)
            #expect(throws: OfficeError(.usage, "cli.rangeForm")) {
                _ = try desk.exportLedger(into: out + "2", from: 9, to: 3, openings: false)
            }
            #expect(try ExportedLedger.verify(out, log: nil, words).outcome == .done)
            #expect(throws: OfficeError(.usage, "cli.vkeyForm")) {
                _ = try ExportedLedger.verify(out, log: "key", words)
            }
            var checkpoint = try [UInt8](Data(contentsOf: URL(filePath: out + "/checkpoint")))
            checkpoint[checkpoint.count - 20] ^= 1
            try Data(checkpoint).write(to: URL(filePath: out + "/checkpoint"))
            let bad = try ExportedLedger.verify(out, log: nil, words)
            #expect(bad.outcome == .exportInvalid)
            #expect(bad.lines.first?.hasPrefix("  问题  checkpoint  ") == true)
            #expect(bad.lines.last?.hasPrefix("结论：发现 ") == true)
            let finding = try #require(try bad.json.parsed["findings"]?.array?.first)
            #expect(finding["place"] == "checkpoint" && finding["severity"] == "violation")
        }

        @Test("Backups are named by bureau and moment, the oldest removed; one is verified and put in place")
        func backups() throws {
            let folder = try TemporaryFolder()
            let desk = try premises().desk("sysadmin1", purpose: nil)
            #expect(throws: OfficeError(.usage, "cli.keepForm")) { try Desk.demandKeeping(0) }
            let first = try desk.backUp(below: folder.path, keep: 1)
            let name = try #require(try first.json.parsed["folder"]?.string)
            #expect(name.wholeMatch(of: /.*\/test-\d{8}T\d{6}/) != nil)
            #expect(try first.json.parsed["removed"] == [])
            // A backup has the second in its name.
            Thread.sleep(forTimeInterval: 1.1)
            let second = try desk.backUp(below: folder.path, keep: 1)
            #expect(try second.json.parsed["removed"] == [.string(name)])
            #expect(second.notes.map(\.text) == ["已删除旧备份 \(name)"] && second.notes.allSatisfy(\.isInJSON))

            let words = try Wording(language: "zh")
            let path = try #require(try second.json.parsed["folder"]?.string)
            let backup = try premises().visit("sysadmin1").verifyBackup(path, words, Premises.passphrase)
            #expect(backup.answer.outcome == .done && backup.restoreQuestion == nil)
            #expect(backup.answer.lines.suffix(2) == ["包含您见过的全部台账", "结论：完好"])
            let target = folder.path + "/restored"
            #expect(try backup.restore(to: target, words).lines == ["已恢复到 \(target)"])
            #expect(throws: (any Error).self) { try GivenFile.demandFree(target) }
            // What was seen since then is missing in the backup, and the question says how much.
            _ = try premises().desk("sysadmin1", purpose: nil).units()
            let older = try premises().visit("sysadmin1").verifyBackup(path, words, Premises.passphrase)
            #expect(older.restoreQuestion?.hasPrefix("恢复后将缺少您见过的最新 ") == true)
        }

        @Test("A ceremony's file that is malformed or incomplete is refused with what is wrong")
        func ceremonies() throws {
            let words = try Wording(language: "zh")
            let folder = try TemporaryFolder()
            let file = folder.path + "/c.json"
            let paper = try RecoveryPaper(words)
            func founding(_ text: String) throws -> Founding {
                try Data(text.utf8).write(to: URL(filePath: file))
                return try Founding(file: file, recovery: paper)
            }
            for (text, what) in [
                ("{", ""), (#"{"bureauId": "x"}"#, "name"),
                (#"{"bureauId": "x", "name": "y", "units": [{}]}"#, "units"),
            ] {
                let error = officeError { _ = try founding(text) }
                #expect(error == OfficeError(.invalidEntry, "cli.ceremonyForm"))
                #expect(error?.params["path"] == file && (what.isEmpty || error?.params["what"] == what))
            }
            let answers = ["BAD ID", "局", "U00", "X"] + (2...8).map { "user-\($0)" }
            let dialog = try Founding(answers: answers, recovery: paper)
            let error = officeError { try dialog.demandComplete(words) }
            #expect(error == OfficeError(.invalidEntry, "cli.ceremonyIncomplete") && error?.params == ["count": "2"])
            #expect(
                error?.details == [
                    "单位代号只能用小写字母、数字、连字符：BAD ID", "用户名应为 2 至 32 个小写字母、数字、点、连字符：X",
                ])
            #expect(
                Founding.questions.map { $0.text(words) }.prefix(3) == [
                    "单位代号（小写字母、数字、连字符）：", "单位名称：", "根单位编号：",
                ])
        }

        @Test("A recovery sheet is four lines that can be copied and compared, in a file of its owner's")
        func paper() throws {
            let paper = try RecoveryPaper(Wording(language: "zh"))
            let folder = try TemporaryFolder()
            #expect(RecoveryPaper.lineCount == 4)
            let copied = paper.lines.filter { $0.hasPrefix("    ") }.map { $0.trimmingCharacters(in: .whitespaces) }
            for (index, line) in copied.enumerated() {
                #expect(paper.matches(line, number: index + 1) && !paper.matches(line, number: (index + 1) % 4 + 1))
            }
            try paper.write(to: folder.path + "/sheet")
            let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/sheet")[.posixPermissions]
            #expect(mode as? Int == 0o600)
            #expect(throws: OfficeError(.alreadyExists, "cli.sheetFile")) {
                try paper.write(to: folder.path + "/sheet")
            }
        }

        @Test("A newcomer asks, is proposed, accepts, and is certified by two")
        func newcomer() throws {
            let words = try Wording(language: "zh")
            let newcomer = try premises().visit("clerk9")
            let request = try newcomer.requestCertificate(Premises.passphrase)
            #expect(request.answer(file: "r.txt", words).lines == ["已生成 clerk9 的密钥，申请写入 r.txt，请交安全保密管理员"])
            let secadmin = try premises().desk("secadmin1", purpose: nil)
            #expect(throws: OfficeError(.usage, "cli.roleUnknown")) {
                _ = try secadmin.proposeUser(role: "king", unit: "U01", officer: nil, request: request.text)
            }
            #expect(throws: OfficeError(.usage, "cli.officerForm")) {
                _ = try secadmin.proposeUser(role: "clerk", unit: "U01", officer: "990001", request: request.text)
            }
            let proposed = try secadmin.proposeUser(role: "clerk", unit: "U01", officer: nil, request: request.text)
            let acceptance = try newcomer.acceptance(of: proposed.certificate, words, Premises.passphrase)
            #expect(acceptance.question == "为 clerk9 提出的证书：角色 政工录入员，单位 U01，对应人员 –。确认是您本人且内容无误？")
            #expect(
                acceptance.answer(file: "a.txt", words).lines
                    == ["已确认，写入 a.txt，请交会签人：probity approve accept 编号 --accepted a.txt"])
            let number = try #require(Int64(proposed.answer.id))
            let serving = try premises().desk("clerk1")
            let first = try serving.accept(
                number, as: serving.approval(number).fingerprint, acceptance: acceptance.text)
            let second = try premises().desk("sysadmin1", purpose: nil)
            if first.lines != ["已生效"] { _ = try second.accept(number, as: second.approval(number).fingerprint) }
            #expect(try secadmin.users().rows.contains { $0.cells[0...2] == ["clerk9", "政工录入员", "U01"] })
            #expect(secadmin.leaveQuestion("clerk9") == "clerk9 离任：证书立即终止，授权作废。继续？")
            let left = try secadmin.leave("clerk9", reason: "调离", acceptsVacancy: false)
            #expect(left.lines.first == "clerk9（政工录入员）已离任" && left.lines.last == "曾持有：–")
            #expect(try left.json.parsed["next"] == "probity key rotate --pages" && left.notes.isEmpty)
        }
    }
}
