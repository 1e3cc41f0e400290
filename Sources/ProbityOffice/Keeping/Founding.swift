import CanonicalJSON
import ProbityRecords
import ProbityStore

/// A ceremony (建库) that is ready to be held: who founds which bureau's archive, and who recovers it.
public struct Founding: Sendable {
    let ceremony: Ceremony

    /// One thing that a ceremony is asked, where no file says it.
    public struct Question: Sendable, Equatable {
        let key: String
        public func text(_ wording: Wording) -> String { wording.text(key) }
    }

    private static let roles: [Role] = [
        .sysadmin, .secadmin, .auditor, .reviewer, .clerk, .promoter, .inspector, .supervisor,
    ]

    /// The questions of the smallest bureau that works, to be widened afterwards; answered in this order.
    public static let questions: [Question] =
        ["bureauId", "bureauName", "rootUnit"].map { Question(key: "cli.ask.\($0)") }
        + roles.map { Question(key: "cli.ask.user.\($0.rawValue)") }

    /// - Parameter answers: to ``questions``, each with something in it.
    /// - Precondition: there is an answer to every question.
    public init(answers: [String], recovery: RecoveryPaper) throws {
        precondition(answers.count == Founding.questions.count, "an answer to every question")
        let (bureauID, name, rootUnit) = (answers[0], answers[1], answers[2])
        let policy = try AccessPolicy.standard()
        let members = zip(Founding.roles, answers.dropFirst(3)).map { role, user in
            let grants = policy.readableCategories(role).filter { $0 != .reporter }
            return Ceremony.Member(
                user: user, role: role, unit: rootUnit, grants: grants.sorted { $0.rawValue < $1.rawValue })
        }
        ceremony = Ceremony(
            bureauID: bureauID, name: name,
            units: [Unit(id: rootUnit, parent: nil, kind: "bureau", name: name)], members: members,
            recoveryKey: recovery.sheet.publicKey)
    }

    init(_ ceremony: Ceremony) { self.ceremony = ceremony }

    /// Refuses a ceremony that would found an archive that cannot work.
    ///
    /// - Throws: ``OfficeError`` `invalidEntry` with a sentence for each problem.
    public func demandComplete(_ wording: Wording) throws {
        let problems = try ceremony.problems()
        guard problems.isEmpty else {
            let words = try Vocabulary(wording)
            throw OfficeError(
                .invalidEntry, "cli.ceremonyIncomplete", ["count": String(problems.count)],
                details: problems.map { words.text($0.code, ["subject": words.phrases($0.subject)]) })
        }
    }

    /// Makes the archive in the new folder `path`.
    ///
    /// - Parameters:
    ///   - sheet: the recovery sheet and the new file that it goes to; the file is not left behind where no archive is made.
    ///   - passphrase: gives a new passphrase for every user.
    public func found(
        at path: String, sheet: (paper: RecoveryPaper, file: String)?, _ wording: Wording,
        _ passphrase: Visit.PassphraseSource
    ) throws -> Answer {
        // Before the archive: one that is there without its sheet has no recovery.
        if let sheet { try sheet.paper.write(to: sheet.file) }
        do {
            try Archive.create(at: path, ceremony: ceremony) { try passphrase($0).released() }
        } catch {
            if let sheet { try RecoveryPaper.remove(sheet.file) }
            throw error
        }
        var notes = [Answer.Note.warning(wording.text("cli.initBackup", ["archive": path]))]
        if let sheet { notes.append(.warning(wording.text("cli.sheetWritten", ["file": sheet.file]))) }
        return Answer(
            [wording.text("cli.initDone", ["archive": path, "users": String(ceremony.members.count)])],
            JSONAnswer("init", ["archive": .string(path), "users": .integer(Int64(ceremony.members.count))]),
            notes: notes)
    }
}
