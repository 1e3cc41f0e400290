import ArgumentParser
import CanonicalJSON
import Dispatch
import ProbityCrypto
import ProbityRecords
import ProbityStore
import Synchronization

/// The product through its own gate.
struct ProductSide {
    private let archive: Archive
    private let identity: Identity
    private let clerk: Session
    private let promoter: Session
    private let sysadmin: Session

    init(folder: String, units: Int) throws {
        let political: [ProbityRecords.Category] = [.roster, .events, .drinking, .talks, .duty, .care]
        func member(_ user: String, _ role: Role, _ grants: [ProbityRecords.Category]) -> Ceremony.Member {
            Ceremony.Member(user: user, role: role, unit: "U0", grants: grants)
        }
        let ceremony = Ceremony(
            bureauID: "bench", name: "bench",
            units: [ProbityStore.Unit(id: "U0", parent: nil, kind: "bureau", name: "bench")]
                + (1...units).map { ProbityStore.Unit(id: "U\($0)", parent: "U0", kind: "station", name: "unit \($0)") },
            members: [
                member("sysadmin", .sysadmin, []), member("secadmin", .secadmin, []),
                member("auditor", .auditor, [.audit]),
                member("clerk", .clerk, political),
                member("promoter", .promoter, [.roster, .events, .sanctions, .opinions, .duty]),
                member("inspector", .inspector, [.complaints]), member("supervisor", .supervisor, [.governance]),
            ], recoveryKey: try X25519PrivateKey().publicKey)
        let secret = Array("bench passphrase".utf8)
        let path = folder + "/archive"
        try Archive.create(at: path, ceremony: ceremony) { _ in SecretBytes(copying: secret) }
        func unlock(_ user: String) throws -> Identity {
            try Identity.unlock(
                user: user, folder: Archive.keysFolder(path), passphrase: SecretBytes(copying: secret))
        }
        identity = try unlock("clerk")
        let archive = try Archive.open(at: path, identity: identity)
        func session(_ user: String, _ purpose: String) throws -> Session {
            let identity = try unlock(user)
            let session = try Session(archive, identity: identity)
            session.purpose = Purpose(code: purpose, reason: "bench")
            session.clockIsConfirmed = true
            return session
        }
        self.archive = archive
        clerk = try session("clerk", "filing")
        promoter = try session("promoter", "promotionReview")
        sysadmin = try session("sysadmin", "configuration")
    }

    func importOfficers(_ rows: ArchiveRows) throws {
        let report = try clerk.importRecords(kind: "officer", dryRun: false) { receive in
            for officer in 0..<rows.officers {
                try receive(
                    officer + 2,
                    .values(
                        officer: nil, state: nil,
                        [
                            "policeNo": .string(rows.policeNumber(officer)), "name": .string("人员\(officer)"),
                            "idNo": .string(rows.idNumber(officer)), "sex": "1", "unit": .string(rows.unit(officer)),
                            "personCategory": "police", "politics": "01",
                        ]))
            }
        }
        guard report.isPublished else { throw ValidationError("officers were refused: \(report.rejected.prefix(3))") }
    }

    func importRecords(_ rows: ArchiveRows) throws {
        for (number, kind) in ArchiveRows.kinds.enumerated() {
            let report = try clerk.importRecords(kind: kind, dryRun: false) { receive in
                for index in 0..<rows.count {
                    guard let row = rows.row(index, kind: number) else { continue }
                    try receive(
                        index + 2,
                        .values(
                            officer: rows.policeNumber(row.officer), state: nil,
                            ProductSide.values(kind, row.date.description, row.text)))
                }
            }
            guard report.isPublished else { throw ValidationError("\(kind) refused: \(report.rejected.prefix(3))") }
        }
    }

    private static func values(_ kind: String, _ date: String, _ text: String) -> [String: JSONValue] {
        let date = JSONValue.string(date)
        let text = JSONValue.string(text)
        switch kind {
        case "majorEvent": return ["eventKind": "me06", "eventDate": date, "reportDate": date, "description": text]
        case "training": return ["course": "other", "completedOn": date, "passed": true, "title": text]
        case "talk":
            return ["talkKind": "heartTalk", "talkOn": date, "interviewers": "所长", "matter": "谈心", "summary": text]
        default: return ["performedOn": date, "area": "team", "item": "检查", "evidence": text]
        }
    }

    /// Files records in so many threads, each with a session of its own.
    ///
    /// - Returns: seconds of each filing.
    func file(threads: Int, each: Int) throws -> [Double] {
        let latencies = Mutex<[Double]>([])
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        for thread in 0..<threads {
            let (archive, identity) = (archive, identity)
            DispatchQueue(label: "filing \(thread)").async(group: group) {
                do {
                    let session = try Session(archive, identity: identity)
                    session.clockIsConfirmed = true
                    for number in 0..<each {
                        let officer = String(String(1_000_000 + (thread * each + number) % 50).dropFirst())
                        let began = ContinuousClock.now
                        try session.file(
                            RecordDraft(
                                kind: "training", officer: officer,
                                values: [
                                    "course": "other", "completedOn": "2026-11-02", "passed": true,
                                    "title": .string("第\(thread)组第\(number)次"),
                                ]))
                        let seconds = Bench.seconds(ContinuousClock.now - began)
                        latencies.withLock { $0.append(seconds) }
                    }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        group.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
        return latencies.withLock { $0 }
    }

    func count(_ from: CivilDate, _ until: CivilDate) throws -> Int {
        var query = StatisticsQuery(from: from, until: until)
        query.kinds = ArchiveRows.kinds
        clerk.purpose = Purpose(code: "statistics", reason: "bench")
        return try clerk.statistics(query).cells.reduce(0) { $0 + $1.count }
    }

    func backUp(to path: String) throws { _ = try sysadmin.createBackup(to: path) }

    func checkPromotions(expected: Int) throws {
        var answers = 0
        try promoter.checkPromotion(nil, move: .promotion) { _ in answers += 1 }
        guard answers == expected else { throw ValidationError("\(answers) answers for \(expected) officers") }
    }

    func check() throws {
        let report = try archive.check()
        guard report.isSound else { throw ValidationError("check found \(report.findings.prefix(3))") }
    }
}
