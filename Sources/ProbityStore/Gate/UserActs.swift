import ProbityCrypto
import ProbityLedger
public import ProbityRecords

extension Session {
    var ownSigner: NoteSigner { NoteSigner(name: archive.header.names.user(user), key: identity.signingKey) }

    /// Who are and were users of the archive, with their roles. Names and roles stand in the clear; the list is an act all
    /// the same.
    public func users() throws -> [UserStanding] {
        try look(.userList) { _, _ in
        } reveal: { db, _ in
            try Credentials(archive, db).standings()
        }
    }

    /// Ends the certificate of a user who leaves (离任), and takes the page key's wrap to him away.
    ///
    /// From the act's line on he begins no session, the ones that he has end, and his grants open nothing. He knows the keys
    /// that he held: ``rotatePageKey(progress:)`` closes the database to copies of them. He may be certified again.
    ///
    /// - Parameters:
    ///   - reason: why; the auditors read it.
    ///   - acceptsVacancy: whether it may be that nobody else opens what he opened, or serves in his role: then only recovery
    ///     reads it, and nobody can sign for a successor in the role.
    /// - Throws: ``ArchiveError`` `roleRefuses`; `invalidEntry` without a reason; `recusal` for oneself; `notVisible` for an
    ///   unknown user; `stateForbids` for one who has left, for the last administrator of his kind, and for a vacancy that was
    ///   not accepted. The refusals' `rule` tells them apart.
    @discardableResult
    public func leave(_ leaver: String, reason: String, acceptsVacancy: Bool = false) throws -> Leaving {
        let leaving = try end(leaver, reason, acceptsVacancy)
        wrapPageKey()
        return leaving
    }

    private func end(_ leaver: String, _ reason: String, _ acceptsVacancy: Bool) throws -> Leaving {
        try write(.userLeave, [.user: leaver, .reason: reason]) { run, writer in
            guard !LineText.isBlank(reason) else {
                throw ArchiveError(.invalidEntry, "leaving needs a reason", subject: "reason", rule: "leave.reason")
            }
            guard leaver != user else {
                throw ArchiveError(.recusal, "nobody ends his own certificate", subject: leaver, rule: "leave.self")
            }
            let credentials = Credentials(archive, writer.db)
            guard let entry = try credentials.standing(of: leaver) else {
                throw ArchiveError(.notVisible, "there is no user \(leaver)", subject: leaver, rule: "leave.unknown")
            }
            let certificate = entry.certificate
            guard entry.leftOn == nil else {
                throw ArchiveError(.stateForbids, "\(leaver) has left", subject: leaver, rule: "leave.already")
            }
            run[.role] = certificate.role.rawValue
            run[.unit] = certificate.unit
            let colleagues = try credentials.certificates().filter {
                $0.role == certificate.role && $0.user != leaver
            }
            guard !colleagues.isEmpty || !certificate.role.isAdministrator else {
                throw ArchiveError(
                    .stateForbids, "\(leaver) is the only \(certificate.role.rawValue)", subject: leaver,
                    rule: "leave.lastAdministrator")
            }
            let (held, vacant) = try credentials.places(of: leaver, on: archive.now.date, writer.db)
            // An officer's certificate needs no officer's signature.
            let roleIsVacant = colleagues.isEmpty && certificate.role.isContentRole
            let vacancies = vacant.map(\.description) + (roleIsVacant ? [certificate.role.rawValue] : [])
            run[.categories] = vacancies.joined(separator: ", ")
            guard vacancies.isEmpty || acceptsVacancy else {
                throw ArchiveError(
                    .stateForbids, "nobody else holds what \(leaver) holds",
                    subject: vacancies.joined(separator: ", "), rule: "leave.vacancy",
                    params: [
                        "places":
                            (vacant.map { "category/\($0)" }
                            + (roleIsVacant ? ["role/\(certificate.role.rawValue)"] : [])).joined(separator: ", ")
                    ])
            }
            let leave = Leave(user: leaver, serial: certificate.serial + 1, date: archive.now.date)
            let note = try SignedNote(text: leave.text(archiveID: archive.header.archiveID), signers: [ownSigner])
            try writer.insertCertificate(user: leaver, serial: leave.serial, note: note.bytes)
            return Leaving(certificate: certificate, held: held, vacant: vacant, roleIsVacant: roleIsVacant)
        }
    }

    /// Proposes a certificate; it counts when every signature that it needs is there (``accept(_:acceptance:fingerprint:)``).
    ///
    /// - Parameter request: a signed request of the user, from ``UserRequest``.
    /// - Returns: the proposal's number, and the text that the newcomer signs (``UserAcceptance``).
    @discardableResult
    public func proposeUser(request: String, role newRole: Role, unit: String, officer: OfficerID?) throws -> (
        id: Int64, proposal: String
    ) {
        try write(.userAdd, [.role: newRole.rawValue, .unit: unit]) { run, writer in
            let request = try UserRequest(request)
            run[.user] = request.user
            try request.demandSigned(archive.header.names)
            guard try UnitTable.has(unit, writer.db) else {
                throw ArchiveError(noUnit: unit, .invalidEntry, try Organisation(writer.db))
            }
            let serial = try CertificateTable.newestSerial(of: request.user, writer.db) ?? 0
            let certificate = Certificate(
                user: request.user, serial: serial + 1, role: newRole, unit: unit, officer: officer?.number,
                signingKey: request.signingKey, agreementKey: request.agreementKey,
                validFrom: archive.now.date)
            // That there is such a number is no secret of the roster: whose it is, is.
            if let officer, try OfficerTable.dossier(of: officer.number, writer.db) == nil {
                throw ArchiveError(
                    .invalidEntry, "there is no officer \(officer)", subject: officer.text, rule: "user.officerUnknown")
            }
            try demandOnlyUser(of: certificate, writer.db)
            let text = certificate.text(archiveID: archive.header.archiveID)
            let proposed = try SignedNote(text: text, signers: [ownSigner]).bytes
            return (
                try writer.insertProposal(.certificate, note: proposed),
                String(decoding: proposed, as: UTF8.self)
            )
        }
    }

    /// - Returns: what is still missing; nil where the certificate is in force now.
    func sign(
        _ certificate: Certificate, _ proposed: SignedNote, proposal: Int64, _ acceptance: String?,
        _ writer: RowWriter
    ) throws -> MissingCredential? {
        var note = proposed
        guard role.isAdministrator || role == certificate.role else {
            throw ArchiveError(
                .roleRefuses, "a \(role.rawValue) does not sign for a \(certificate.role.rawValue)",
                rule: "proposal.role",
                params: ["role": "role/\(role.rawValue)", "other": "role/\(certificate.role.rawValue)"])
        }
        if let acceptance,
            let signature = try note.acceptance(acceptance, of: certificate, archive.header.names)
        {
            note = try note.adding(signature)
        }
        try demandOnlyUser(of: certificate, writer.db)
        if let missing = try Credentials(archive, writer.db).missing(certificate, note, isCeremony: false) {
            try writer.insertProposal(.certificate, first: proposal, note: note.bytes)
            return missing
        }
        try writer.insertCertificate(user: certificate.user, serial: certificate.serial, note: note.bytes)
        try wrapLogKey(to: certificate, writer)
        return nil
    }

    /// One user per officer (design §5): else his own file would be closed to one of them only. And a user who was certified
    /// as one stays it: else his file would be open to him from the next certificate on.
    private func demandOnlyUser(of certificate: Certificate, _ db: Connection) throws {
        let before = try Credentials(archive, db).terms(of: certificate.user).compactMap { $0.certificate?.officer }
            .last
        guard before == nil || before == certificate.officer else {
            throw ArchiveError(
                .invalidEntry, "the user \(certificate.user) was certified as another officer",
                subject: certificate.user,
                rule: "user.otherOfficer", params: ["officer": before.map { OfficerID($0).text } ?? ""])
        }
        guard let officer = certificate.officer else { return }
        let others = try Credentials(archive, db).certificates().filter {
            $0.user != certificate.user && $0.officer == officer
        }
        guard others.isEmpty else {
            throw ArchiveError(
                .invalidEntry, "the officer is the user \(others[0].user) already", subject: OfficerID(officer).text,
                rule: "user.officerTaken", params: ["user": others[0].user])
        }
    }

    private func wrapLogKey(to certificate: Certificate, _ writer: RowWriter) throws {
        guard let id = try KeyTable.logKey(writer.db) else {
            throw ArchiveError(.integrity, "the archive has no ledger key")
        }
        let wrapped = try PersonWrap.wrap(
            logKey.rawSecret(), to: certificate.agreementKey,
            context: KeyGraph.userContext(
                archiveID: archive.header.archiveID, user: certificate.user, to: "key:\(id)", purpose: .log))
        try writer.insertWrap(of: id, byUser: certificate.user, wrapped)
    }
}
