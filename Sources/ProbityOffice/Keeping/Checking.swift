import CanonicalJSON
import ProbityStore

extension Visit {
    /// Compares the archive with its ledger (完整性检查); opens no record and begins no session.
    ///
    /// - Parameter remembered: a checkpoint that was kept elsewhere.
    public func check(
        against remembered: @autoclosure () throws -> [UInt8]?, _ wording: Wording, _ passphrase: PassphraseSource,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> Answer {
        let (archive, identity) = try openArchive(acceptsReadOnly: true, passphrase)
        let report = try archive.check(
            against: remembered(), stateFolder: stateFolder(of: identity.user), progress: progress)
        let findings = FindingWords(report.findings, wording)
        return Answer(
            findings.lines + [
                wording.text(
                    "cli.checked",
                    ["leaves": String(report.leafCount), "rows": String(report.rowCount), "root": report.root]),
                findings.conclusion,
            ],
            JSONAnswer(
                "check",
                [
                    "sound": .bool(report.isSound), "leaves": .integer(Int64(report.leafCount)),
                    "rows": .integer(Int64(report.rowCount)), "root": .string(report.root), "findings": findings.json,
                    "remembered": report.rememberedSize.map { .integer(Int64(clamping: $0)) } ?? .null,
                ]),
            // That lines were cut only a head remembered elsewhere shows.
            notes: report.rememberedSize == nil ? [.remark(wording.text("cli.nothingRemembered"), inJSON: true)] : [],
            outcome: report.isSound ? .done : report.isIncomplete ? .incomplete : .integrity)
    }

    /// What the folder tells, and to a user the archive (状态).
    public func status(_ wording: Wording, _ passphrase: PassphraseSource) throws -> Answer {
        let folder = try ArchiveFolder(archivePath())
        let opened = user == nil ? nil : try openArchive(acceptsReadOnly: true, passphrase).0.status()
        var lines = [
            wording.text(
                "cli.status",
                [
                    "origin": folder.origin, "bytes": String(folder.byteCount),
                    "users": folder.users.joined(separator: " "),
                ])
        ]
        if let opened {
            lines.append(
                wording.text(
                    "cli.statusOpened",
                    [
                        "size": String(opened.ledgerSize), "imports": String(opened.openImportCount),
                        "pageKey": String(opened.pageKeyGeneration),
                    ]))
        }
        lines.append(folder.writer.map { wording.text("cli.writer", ["writer": $0]) } ?? wording.text("cli.noWriter"))
        return Answer(
            lines,
            JSONAnswer(
                "status",
                [
                    "archive": .string(folder.path), "origin": .string(folder.origin),
                    "bytes": .integer(folder.byteCount),
                    "pageKey": opened.map { .integer($0.pageKeyGeneration) } ?? .null,
                    "users": .array(folder.users.map { .string($0) }),
                    "ledgerSize": opened.map { .integer(Int64($0.ledgerSize)) } ?? .null,
                    "openImports": opened.map { .integer(Int64($0.openImportCount)) } ?? .null,
                    "writer": folder.writer.map { .string($0) } ?? .null,
                ]))
    }
}
