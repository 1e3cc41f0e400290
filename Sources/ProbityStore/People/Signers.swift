import ProbityRecords

extension ProposalReader {
    /// Users who could sign a step today, by name: their role approves it, it is not about themselves, nothing names them, and a
    /// grant in force opens the file and the roster to them.
    ///
    /// - Parameter unit: the officer's.
    func signers(
        of approval: Step.Approval, _ outcome: Workflow.Outcome, of kind: RecordKind, _ entry: RecordEntry,
        proposedBy proposer: String, unit: String
    ) throws -> [String] {
        let above = try Organisation(db).above(unit)
        // Rows that are not what they should be name nobody, and stop no proposal.
        let serving = try CertificateTable.users(db).compactMap { user in
            try sound { try credentials.certificate(of: user) } ?? nil
        }
        return try serving.filter { certificate in
            guard certificate.officer != entry.content.officer.number else { return false }
            let actor = try vault.actor(certificate, db)
            do throws(WorkflowRefusal) {
                try Workflow.mayApprove(
                    approval, of: kind, step: outcome.step, entry.standing, values: outcome.values,
                    proposedBy: proposer, by: actor, archive.policy)
            } catch { return false }
            return try opens(certificate, kind.category, above) && opens(certificate, .roster, above)
        }.map(\.user).sorted()
    }

    /// Whether a grant in force opens a category at one of the units to whoever holds a certificate.
    private func opens(
        _ certificate: Certificate, _ category: ProbityRecords.Category, _ units: Set<String>
    ) throws -> Bool {
        let today = vault.graph.grants.day
        return try GrantTable.rows(of: certificate.user, db).contains { row in
            guard row.category == category.rawValue, units.contains(row.unit),
                let grant = try sound({ try credentials.verified(row) })
            else { return false }
            return grant.serial == certificate.serial && grant.isInForce(on: today)
        }
    }
}
