import ProbityStore

/// A place to work at: one user at one archive, unlocked, with the words of his language.
///
/// Everything that a user asks of the archive is a method of the desk, in the file of its subject. A desk belongs to one
/// thread; a front end for several users opens one for each.
///
///     let desk = try Desk.open(visit, Wording(language: "en")) { user in try askPassphrase(user) }
///     let form = try desk.form("talk", fields: ["talkKind=remind", "talkOn=2026-03-05"])
///     let subject = try desk.identify("990009", for: form)
///     if isYes(subject.question) { show(try desk.file(form, about: subject, named: "990009")) }
public final class Desk {
    let session: Session
    let words: Vocabulary
    public let wording: Wording

    init(_ session: Session, _ wording: Wording) throws {
        self.session = session
        self.wording = wording
        words = try Vocabulary(wording)
    }

    /// Unlocks the user, opens the archive and begins a session.
    ///
    /// A failed unlock has no key to sign a ledger line with and goes to the system's log.
    /// - Throws: ``OfficeError`` for a visit that says too little; the archive's errors.
    public static func open(_ visit: Visit, _ wording: Wording, passphrase: Visit.PassphraseSource) throws -> Desk {
        let questionDate = try Named.date(visit.questionDate, "--on")
        let (archive, identity) = try visit.openArchive(passphrase)
        let session = try Session(archive, identity: identity, stateFolder: visit.stateFolder(of: identity.user))
        session.purpose = try visit.purpose.map(Named.purpose)
        session.questionDate = questionDate
        session.clockIsConfirmed = visit.clockIsConfirmed
        return try Desk(session, wording)
    }

    /// The user who sits here.
    public var user: String { session.user }

    /// What the user has to know that no answer says, so far.
    public var warnings: [String] { session.warnings }
}
