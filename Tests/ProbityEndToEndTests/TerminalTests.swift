import Foundation
import Glibc
import ProbityTestSupport
import Testing

/// A person at a terminal: a pseudo-terminal on which the program runs and a script that answers its questions.
private final class Terminal {
    private let master: Int32
    private let process = Process()
    private var screen = ""
    private var position = "".startIndex

    struct Silence: Error { let waitedFor: String, screen: String }

    init(_ arguments: [String], environment: [String: String]) throws {
        // posix_openpt(3) and its kin by hand: Swift's view of the C library leaves them out. TIOCSPTLCK, TIOCGPTN.
        master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var unlock: CInt = 0
        var number: CUnsignedInt = 0
        guard master >= 0, unsafe ioctl(master, 0x4004_5431, &unlock) == 0,
            unsafe ioctl(master, 0x8004_5430, &number) == 0
        else { throw POSIXError(.ENOTTY) }
        let slave = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        guard slave >= 0 else { throw POSIXError(.ENOTTY) }
        let handle = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
        process.executableURL = URL(filePath: Sample.program)
        process.arguments = arguments
        process.environment = ["LANG": "C.UTF-8"].merging(environment) { $1 }
        process.standardInput = handle
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        try handle.close()
    }

    deinit {
        if process.isRunning { process.terminate() }
        close(master)
    }

    /// What was written since the last call, up to and with `text`.
    @discardableResult
    func wait(for text: String, seconds: Double = 30) throws -> String {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if let range = screen.range(of: text) {
                let seen = String(screen[..<range.upperBound])
                screen.removeSubrange(..<range.upperBound)
                return seen
            }
            guard ContinuousClock.now < end else { throw Silence(waitedFor: text, screen: screen) }
            var poll = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard unsafe Glibc.poll(&poll, 1, 100) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe read(master, &buffer, buffer.count)
            guard count > 0 else { throw Silence(waitedFor: text, screen: screen) }
            pending += buffer[..<count]
            // A character may come in two reads.
            if let whole = String(validating: pending, as: UTF8.self) {
                screen += whole
                pending = []
            }
        }
    }

    private var pending: [UInt8] = []

    func type(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = unsafe write(master, bytes, bytes.count)
    }

    /// The exit code, and everything that was not waited for.
    func end() -> (status: Int32, rest: String) {
        // The master says EIO when the program is gone: until then its output has to be taken off it.
        var rest = Array(screen.utf8)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(master, &buffer, buffer.count)
            guard count > 0 else { break }
            rest += buffer[..<count]
        }
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: rest, as: UTF8.self))
    }
}

extension BuiltProgram {
    @Suite("At a terminal")
    struct TerminalTests {
        private static let members = [
            "sysadmin", "secadmin", "auditor", "reviewer", "clerk", "promoter", "inspector", "supervisor",
        ]

        /// Answers the ceremony's questions up to the recovery sheet and returns its lines.
        private func dialog(_ terminal: Terminal) throws -> [String] {
            for answer in ["county-x", "X County Bureau", "U00"] {
                try terminal.wait(for: ":")
                terminal.type(answer)
            }
            for role in TerminalTests.members {
                try terminal.wait(for: "user name of the")
                try terminal.wait(for: ":")
                terminal.type("\(role)-x")
            }
            try terminal.wait(for: "Recovery sheet")
            let sheet = try terminal.wait(for: "its public key")
            return sheet.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                $0.count > 12 && $0.filter { $0 == "-" }.count == 3
            }
        }

        private func number(_ prompt: String) throws -> Int {
            try #require(prompt.last(where: \.isNumber).flatMap { Int(String($0)) })
        }

        @Test("init asks, shows the recovery sheet, wants two lines back, clears the screen and founds a sound archive")
        func ceremony() throws {
            let folder = try TemporaryFolder()
            let archive = folder.path + "/archive"
            let terminal = try Terminal(["init", "--archive", archive, "--lang", "en"], environment: [:])
            let lines = try dialog(terminal)
            #expect(lines.count == 4)
            var asked: Set<Int> = []
            for round in 0..<2 {
                try terminal.wait(for: "type line ")
                let number = try number(terminal.wait(for: " of"))
                asked.insert(number)
                if round == 0 {
                    // A slip is told and may be mended.
                    try terminal.wait(for: ":")
                    terminal.type(lines[number - 1].replacing("-", with: "").lowercased().dropLast() + "?")
                    try terminal.wait(for: "is not right")
                    try terminal.wait(for: "type line ")
                }
                try terminal.wait(for: ":")
                terminal.type(lines[number - 1])
            }
            #expect(asked.count == 2)
            try terminal.wait(for: "\u{1B}[3J")
            for role in TerminalTests.members {
                let secret = "passphrase of \(role)"
                try terminal.wait(for: "new passphrase for \(role)-x:")
                if role == "sysadmin" {
                    terminal.type("short")
                    try terminal.wait(for: "at least 12")
                    try terminal.wait(for: "new passphrase for \(role)-x:")
                }
                terminal.type(secret)
                try terminal.wait(for: "again:")
                terminal.type(role == "auditor" ? "something else" : secret)
                if role == "auditor" {
                    try terminal.wait(for: "differ")
                    for _ in 0..<2 {
                        try terminal.wait(for: ":")
                        terminal.type(secret)
                    }
                }
            }
            let (status, rest) = terminal.end()
            #expect(status == 0, "\(rest)")
            #expect(!rest.contains("passphrase of"), "a passphrase was echoed")
            let passphrase = "\(folder.path)/passphrase"
            try Data("passphrase of auditor\n".utf8).write(to: URL(filePath: passphrase))
            let check = try run(
                Sample.program,
                [
                    "check", "--archive", archive, "--user", "auditor-x", "--passphrase-file", passphrase, "--lang",
                    "en",
                ])
            #expect(check.status == 0, "\(check.output)")
            let files = try FileManager.default.subpathsOfDirectory(atPath: archive)
            for file in files where file.hasSuffix(".pem") || file.contains("archive.db") {
                let data = try Data(contentsOf: URL(filePath: "\(archive)/\(file)"))
                for line in lines { #expect(data.range(of: Data(line.dropFirst(3).utf8)) == nil) }
            }
        }

        @Test("Who cannot type the recovery sheet back founds nothing")
        func notCopied() throws {
            let folder = try TemporaryFolder()
            let archive = folder.path + "/archive"
            let terminal = try Terminal(["init", "--archive", archive, "--lang", "en"], environment: [:])
            _ = try dialog(terminal)
            for _ in 0..<3 {
                try terminal.wait(for: "type line ")
                try terminal.wait(for: ":")
                terminal.type("0000-0000-00000-00")
            }
            let (status, rest) = terminal.end()
            #expect(status == 3, "\(rest)")
            #expect(!FileManager.default.fileExists(atPath: archive))
        }

        @Test("Filing shows number and name and files only after a yes; --yes does not ask, --no-input does not file")
        func confirm() throws {
            let sample = try Sample.shared.get()
            let filing = [
                "record", "add", "--kind", "majorEvent", "--officer", "990006", "--set", "eventKind=me11", "--set",
                "eventDate=2026-10-02", "--set", "reportDate=2026-10-03", "--set", "description=兼职", "--archive",
                sample.archive, "--user", "clerk1", "--passphrase-file", sample.passphraseFile("clerk1"), "--lang",
                "en",
            ]
            let environment = ["PROBITY_STATE_DIR": "\(sample.folder.path)/state"]
            for (answer, expected) in [("n", 3), ("", 3), ("yes", 0)] as [(String, Int32)] {
                let terminal = try Terminal(filing, environment: environment)
                let question = try terminal.wait(for: "?")
                #expect(question.contains("990006") && question.contains("己六"), "\(question)")
                try terminal.wait(for: "]")
                terminal.type(answer)
                let (status, rest) = terminal.end()
                #expect(status == expected, "\(rest)")
                #expect(rest.contains("R-") == (expected == 0))
            }
            for (flag, expected) in [("--yes", 0), ("--no-input", 3)] as [(String, Int32)] {
                let (status, rest) = try Terminal(filing + [flag], environment: environment).end()
                #expect(status == expected && !rest.contains("?"), "\(rest)")
                #expect(rest.contains("R-") == (expected == 0))
            }
        }

        @Test("Taking in shows the item and the person and takes in only after a yes")
        func takeIn() throws {
            let sample = try Sample.shared.get()
            let dropped = try sample.call(
                [
                    "complaint", "open", "--officer", "990006", "--set", "receivedOn=2026-10-02", "--set",
                    "channel=letter", "--set", "complaintClass=accusation", "--set", "reporterClass=anonymous", "--set",
                    "jurisdiction=own", "--set", "content=夜间饮酒",
                ], as: "clerk1")
            #expect(dropped.status == 0, "\(dropped.errors)")
            let item = dropped.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let arguments = [
                "complaint", "take-in", item, "--archive", sample.archive, "--user", "inspector1", "--passphrase-file",
                sample.passphraseFile("inspector1"), "--lang", "en",
            ]
            let environment = ["PROBITY_STATE_DIR": "\(sample.folder.path)/state"]
            let (status, refused) = try Terminal(arguments + ["--no-input"], environment: environment).end()
            #expect(status == 3 && !refused.contains("R-"), "\(refused)")
            for (answer, expected) in [("n", 3), ("yes", 0)] as [(String, Int32)] {
                let terminal = try Terminal(arguments, environment: environment)
                let question = try terminal.wait(for: "?")
                for text in [item, "clerk1", "990006", "己六"] { #expect(question.contains(text), "\(question)") }
                try terminal.wait(for: "]")
                terminal.type(answer)
                let (status, rest) = terminal.end()
                #expect(status == expected, "\(rest)")
                #expect(rest.contains("R-") == (expected == 0))
            }
            // As it was dropped it can still be read.
            let read = try sample.call(["complaint", "tray", item, "--purpose", "disciplineCase"], as: "inspector1")
            #expect(read.status == 0 && read.output.contains("夜间饮酒") && read.output.contains("已接收为 R-"))
        }
    }
}
