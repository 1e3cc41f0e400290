import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

@Suite("The gate")
struct GateTests {
    @Test("What is filed comes back, and only with a purpose")
    func fileAndRead() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let read = try clerk.records(of: "990001")
        let records = read.records
        #expect(read.officer.name == "金丝雀甲")
        #expect(records.map(\.content.kind) == ["majorEvent", "officer"])
        #expect(records[0].content.values["description"] == "金丝雀叙述一")
        clerk.purpose = nil
        #expect(throws: ArchiveError(.purposeMissing, "")) { try clerk.records(of: "990001") }
        #expect(try fixture.lastLeaf().outcome == "refused:purposeMissing")
        clerk.purpose = Purpose("disciplineCase:不属于录入员的用途")
        #expect(throws: ArchiveError(.purposeMissing, "")) { try clerk.records(of: "990001") }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("An officer is found by number, ID number, name and identifier, whatever the spelling")
    func lookups() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let entry = try clerk.showOfficer("990002")
        for query in [
            "９９０００２", " 990002 ", "990101198207250136", "金丝雀乙", "金丝雀 乙", entry.id.text, entry.id.text.lowercased(),
        ] {
            #expect(try clerk.showOfficer(query) == entry, "\(query)")
        }
        #expect(throws: ArchiveError(.notVisible, "")) { try clerk.showOfficer("990009") }
        #expect(try fixture.lastLeaf().outcome == "refused:notVisible")
    }

    @Test("A clerk of one station sees his station and nothing of the other, as if it were not there")
    func scope() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk2")
        #expect(try clerk.showOfficer("990003").name == "金丝雀丙")
        #expect(throws: ArchiveError(.notVisible, "")) { try clerk.showOfficer("990001") }
        #expect(throws: ArchiveError(.notVisible, "")) { try clerk.file(Fixture.event("990001", "x")) }
        let other = try fixture.session("clerk1").records(of: "990001").records[0].id
        #expect(throws: ArchiveError(.notVisible, "")) { try clerk.show(other) }
        var listed: [String] = []
        #expect(try clerk.listOfficers { listed.append($0.policeNo) }.value == 1)
        #expect(listed == ["990003"])
        #expect(try clerk.search(RecordQuery()).found.allSatisfy { $0.officer.policeNo == "990003" })
    }

    @Test(
        "For every role and category outside its reads: refused with a leaf, and no key that he holds opens anything there"
    )
    func matrix() throws {
        let fixture = try Fixture()
        try fixture.session("clerk1").file(
            RecordDraft(
                kind: "appraisal", officer: "990001",
                values: ["year": 2025, "grade": "competent", "decidedOn": "2026-01-31"]))
        var refused = 0
        for member in Fixture.members {
            let session = try fixture.session(member.user)
            if session.purpose == nil { session.purpose = Purpose("dailyManagement") }
            for category in ProbityRecords.Category.allCases {
                let mayRead = fixture.archive.policy.decide(role: member.role, act: .read, category: category).isAllowed
                if let kind = fixture.archive.catalogue.kinds(in: category).first(where: { $0.id != "officer" }),
                    !mayRead
                {
                    let size = try fixture.ledgerSize()
                    #expect(throws: ArchiveError(.roleRefuses, ""), "\(member.user) \(category)") {
                        try session.records(of: "990001", kind: kind.id)
                    }
                    #expect(try fixture.ledgerSize() == size + 1)
                    #expect(try fixture.lastLeaf().outcome == "refused:roleRefuses")
                    #expect(try fixture.lastLeaf().actor == member.user)
                    refused += 1
                }
                let opened = try fixture.archive.snapshot { db in
                    try KeyTable.nodes(of: category, db).filter { try session.graph.open(node: $0.id, db) != nil }
                        .count
                }
                let granted = member.grants.contains(category)
                #expect((opened > 0) == granted, "\(member.user) \(category): \(opened) nodes open")
                if !mayRead { #expect(opened == 0) }
                let dossiers = try fixture.archive.snapshot { db in
                    try db.all("SELECT id FROM dossier WHERE category = ?", [.text(category.rawValue)]) {
                        $0.integer(0)
                    }.filter { try session.graph.dossierKey($0, db) != nil }.count
                }
                if !granted { #expect(dossiers == 0, "\(member.user) opens dossiers of \(category)") }
            }
        }
        #expect(refused > 50)
    }

    @Test("A folder to remember the ledger in that cannot be made is told as one, before anything is read")
    func stateFolder() throws {
        let fixture = try Fixture(withRecords: false)
        let size = try fixture.ledgerSize()
        let error = #expect(throws: ArchiveError.self) { try fixture.session("clerk1", stateFolder: "/proc/none/x") }
        #expect(error?.code == .inputOutput && error?.subject == "/proc/none/x")
        #expect(try fixture.ledgerSize() == size)
    }

    @Test("A correction that empties a field removes it, and one that empties a field that is needed is refused")
    func emptiedField() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        var values = Fixture.event("990001", "叙述").values
        values["scale"] = "十桌"
        let record = try clerk.file(RecordDraft(kind: "majorEvent", officer: "990001", values: values))
        try clerk.amend(record, changes: ["scale": .null], reason: "桌数有误")
        let shown = try clerk.show(record)
        #expect(shown.versions.map { $0.values["scale"]?.string } == ["十桌", nil])
        #expect(shown.entry.content.values.keys.contains("scale") == false)
        let error = #expect(throws: ArchiveError.self) {
            try clerk.amend(record, changes: ["eventKind": .null], reason: "空")
        }
        #expect(error?.code == .invalidEntry && error?.subject == "eventKind")
    }

    @Test("When the ledger cannot be written, no act shows or changes anything")
    func ledgerFault() throws {
        let fixture = try Fixture()
        let record = try fixture.session("clerk1").records(of: "990001").records[0].id
        let sessions = try Dictionary(
            uniqueKeysWithValues: ["clerk1", "inspector1", "promoter1", "auditor1", "secadmin1", "sysadmin1"].map {
                ($0, try fixture.session($0))
            })
        func session(_ name: String) throws -> Session { try #require(sessions[name]) }
        let exported = fixture.folder.path + "/export"
        let acts: [(String, () throws -> Void)] = [
            ("officer.show", { _ = try session("clerk1").showOfficer("990001") }),
            ("officer.list", { _ = try session("clerk1").listOfficers { _ in Issue.record("shown") } }),
            (
                "officer.add",
                {
                    try session("clerk1").addOfficers([
                        Fixture.officer("990004", unit: "U01", name: "丁", idNo: "99010119980517115X")
                    ])
                }
            ),
            ("record.add", { try session("clerk1").file(Fixture.event("990001", "x")) }),
            ("record.show", { _ = try session("clerk1").show(record) }),
            ("record.list", { _ = try session("clerk1").records(of: "990001") }),
            ("record.amend", { try session("clerk1").amend(record, changes: ["description": "y"], reason: "r") }),
            ("record.withdraw", { try session("clerk1").withdraw(record, reason: "r") }),
            ("record.advance", { try session("clerk1").advance(record, step: "verify", changes: [:], reason: "r") }),
            ("search", { _ = try session("clerk1").search(RecordQuery()) }),
            (
                "report.counts",
                { _ = try StatisticsTests.counter(fixture, "clerk1").statistics(StatisticsTests.query()) }
            ),
            (
                "import",
                {
                    _ = try session("clerk1").importRecords(kind: "majorEvent", dryRun: false) {
                        try $0(2, .values(officer: "990001", state: nil, Fixture.event("990001", "z").values))
                    }
                }
            ),
            ("complaint.drop", { try session("clerk1").drop(Fixture.complaint("990001")) }),
            ("complaint.tray", { _ = try session("inspector1").trayEntries() }),
            (
                "promote.check",
                { try session("promoter1").checkPromotion(nil, move: .promotion) { _ in Issue.record("shown") } }
            ),
            ("audit.list", { _ = try session("auditor1").auditLines(LedgerQuery()) }),
            ("audit.export", { _ = try session("auditor1").exportLedger(to: exported) }),
            ("user.list", { _ = try session("secadmin1").users() }),
            ("access.list", { _ = try session("secadmin1").grantEntries() }),
            ("access.grant", { try session("clerk1").proposeGrant(user: "clerk2", category: .events, unit: "U01") }),
            ("access.explain", { _ = try session("clerk1").explain(.read, .events, kind: nil) }),
            ("unit.list", { _ = try session("sysadmin1").listUnits() }),
            (
                "unit.add",
                { try session("sysadmin1").addUnits([Unit(id: "U09", parent: "U00", kind: "station", name: "九所")]) }
            ),
        ]
        let before = try fixture.fingerprint()
        fixture.archive.ledgerFault = { throw ArchiveError(.ledgerNotWritable, "injected") }
        for (name, act) in acts {
            #expect(throws: ArchiveError(.ledgerNotWritable, ""), "\(name)") { try act() }
            #expect(try fixture.fingerprint() == before, "\(name) changed something")
        }
        #expect(!Files.exists(exported))
        fixture.archive.ledgerFault = nil
        for (name, act) in acts where name != "officer.list" && name != "promote.check" && name != "record.advance" {
            #expect(throws: Never.self, "\(name)") { try act() }
        }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test(
        "Versions follow each other with a reason; a stale amendment and an amendment of a withdrawn record are refused"
    )
    func versions() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let record = try clerk.records(of: "990001").records[0]
        let second = try clerk.amend(
            record.id, changes: ["lateReason": "出差"], reason: "补充原因", expected: record.versionCount)
        #expect(throws: ArchiveError(.changedSinceRead, "")) {
            try clerk.amend(record.id, changes: ["lateReason": "其他"], reason: "再改", expected: record.versionCount)
        }
        #expect(throws: ArchiveError(.invalidEntry, "")) { try clerk.amend(record.id, changes: [:], reason: "  ") }
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            try clerk.amend(record.id, changes: ["eventDate": .null], reason: "去掉必填")
        }
        try clerk.withdraw(record.id, reason: "登记错误")
        #expect(throws: ArchiveError(.stateForbids, "")) { try clerk.withdraw(record.id, reason: "again") }
        let shown = try clerk.show(record.id)
        let (entry, history) = (shown.entry, shown.versions)
        #expect(entry.isWithdrawn && entry.versionCount == 3 && second.version == 2)
        #expect(history.map(\.reason) == [nil, "补充原因", "登记错误"])
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A clerk drops a complaint that he cannot read; the inspector takes it in once")
    func dropBox() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        let item = try clerk.drop(Fixture.complaint("990001"))
        #expect(throws: ArchiveError(.roleRefuses, "")) { try clerk.trayEntries() }
        let inspector = try fixture.session("inspector1")
        let entry = try #require(try inspector.trayEntries().first)
        #expect(entry.id == item && entry.filedBy == "clerk1" && entry.values["content"] == "金丝雀投件内容")
        let record = try inspector.takeIn(item, changes: ["specificLead": true])
        #expect(try inspector.show(record).entry.content.values["specificLead"] == true)
        #expect(try inspector.trayEntries().isEmpty)
        #expect(throws: ArchiveError(.stateForbids, "")) { try inspector.takeIn(item) }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A new user needs every signature, reads nothing without a grant, and no more than the grant says")
    func newUser() throws {
        let fixture = try Fixture()
        let identity = try Identity.generate(user: "clerk9")
        let request = try UserRequest.make(identity, bureauID: "test")
        let security = try fixture.session("secadmin1")
        #expect(throws: ArchiveError(.roleRefuses, "")) {
            try fixture.session("clerk1").proposeUser(request: request, role: .clerk, unit: "U01", officer: nil)
        }
        let (proposal, text) = try security.proposeUser(request: request, role: .clerk, unit: "U01", officer: nil)
        let folder = try ArchiveFolder(fixture.path)
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try Session(fixture.archive, identity: identity) }
        for other in [text.replacing("clerk9", with: "clerk7"), request, "", "x"] {
            #expect(throws: ArchiveError(.invalidEntry, "")) {
                try UserAcceptance.make(folder, proposal: other, identity: identity)
            }
        }
        #expect(throws: ArchiveError(.integrity, "")) {
            try UserAcceptance.make(folder, proposal: text, identity: Identity.generate(user: "clerk9"))
        }
        // Either key alone: whoever changed one would open, or sign, what is his.
        let other = try Identity.generate(user: "clerk9")
        for (signing, agreement) in [(other, identity), (identity, other)] {
            #expect(throws: ArchiveError(.integrity, "")) {
                try UserAcceptance.make(
                    folder, proposal: text,
                    identity: Identity(
                        user: "clerk9", signingKey: signing.signingKey, agreementKey: agreement.agreementKey))
            }
        }
        let acceptance = try UserAcceptance.make(folder, proposal: text, identity: identity).text
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            try fixture.session("clerk1").accept(proposal, acceptance: request)
        }
        #expect(try fixture.session("clerk1").accept(proposal, acceptance: acceptance).missing != nil)
        let waiting = try #require(try security.proposals().entries.last)
        #expect(waiting.id == proposal && waiting.signers.count == 3)
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try Archive.open(at: fixture.path, identity: identity) }
        #expect(try fixture.session("sysadmin1").accept(proposal).missing == nil)
        #expect(try Archive.open(at: fixture.path, identity: identity).header.archiveID == folder.archiveID)
        let session = try Session(fixture.archive, identity: identity)
        session.purpose = Purpose("dailyManagement")
        #expect(throws: ArchiveError(.notVisible, "")) { try session.showOfficer("990001") }
        for category in [ProbityRecords.Category.roster, .events] {
            let grant = try fixture.session("clerk1").proposeGrant(user: "clerk9", category: category, unit: "U01")
            #expect(throws: ArchiveError(.notVisible, "")) { try fixture.session("reviewer1").accept(grant) }
            // Before the second signature the newcomer has no wrap, whatever tools he reads the file with.
            let wraps = try fixture.archive.raw {
                try Int.fetchOne(
                    $0,
                    sql: "SELECT COUNT(*) FROM wrap JOIN key ON key.id = key WHERE byUser = 'clerk9' AND category = ?",
                    arguments: [category.rawValue])
            }
            #expect(wraps == 0)
            #expect(try security.accept(grant).missing == nil)
            #expect(throws: ArchiveError(.stateForbids, "")) { try security.accept(grant) }
        }
        let granted = try Session(fixture.archive, identity: identity)
        granted.purpose = Purpose("dailyManagement")
        #expect(try granted.records(of: "990001").records.count == 2)
        #expect(throws: ArchiveError(.notVisible, "")) { try granted.showOfficer("990003") }
        #expect(throws: ArchiveError(.roleRefuses, "")) {
            try fixture.session("inspector1").proposeGrant(user: "clerk9", category: .complaints, unit: "U00")
        }
        #expect(throws: ArchiveError(.roleRefuses, "")) {
            try fixture.session("inspector1").proposeGrant(user: "secadmin1", category: .audit, unit: "U00")
        }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test(
        "A damaged wrap, dossier key, version or ledger line stops the act that meets it: integrity, and nothing is shown"
    )
    func damage() throws {
        for sql in [
            """
            UPDATE wrap SET wrapped = (SELECT wrapped FROM wrap WHERE byKey IS NOT NULL ORDER BY id DESC LIMIT 1)
            WHERE byKey IS NOT NULL
            """, "UPDATE dossierKey SET wrapped = randomblob(113)",
            "UPDATE version SET sealed = randomblob(200)",
            "UPDATE version SET state = 'approved' WHERE state IS NOT NULL",
            "UPDATE leaf SET note = randomblob(300) WHERE seq = (SELECT MAX(seq) FROM leaf)",
            "UPDATE checkpoint SET note = randomblob(300) WHERE size = (SELECT MAX(size) FROM checkpoint)",
        ] {
            let fixture = try Fixture()
            try fixture.archive.engine.database.write { try $0.execute(sql: sql) }
            #expect(throws: ArchiveError(.integrity, ""), "\(sql)") {
                try fixture.session("clerk1").records(of: "990001")
            }
            #expect(try !fixture.archive.check().isSound, "\(sql)")
        }
    }

    @Test("A dossier under another officer's name, or a version in another's place, does not open")
    func moved() throws {
        let fixture = try Fixture()
        try fixture.archive.engine.database.write { db in
            let rows = try Row.fetchAll(db, sql: "SELECT id, officerTag FROM dossier WHERE category = 'events'")
            #expect(rows.count == 2)
            for (row, other) in zip(rows, rows.reversed()) {
                try db.execute(
                    sql: "UPDATE dossier SET officerTag = ? WHERE id = ?",
                    arguments: [other["officerTag"] as Data, row["id"] as Int64])
            }
        }
        let read = try fixture.session("clerk1").records(of: "990001", kind: "majorEvent")
        #expect(read.records.isEmpty && read.coverage.closable == [Coverage.Gap(.events, .setAside)])
        let second = try Fixture()
        try second.archive.engine.database.write { db in
            let rows = try Row.fetchAll(db, sql: "SELECT id, sealed FROM version WHERE kind = 'majorEvent'")
            for (row, other) in zip(rows, rows.reversed()) {
                try db.execute(
                    sql: "UPDATE version SET sealed = ? WHERE id = ?",
                    arguments: [other["sealed"] as Data, row["id"] as Int64])
            }
        }
        let changed = try second.session("clerk1").records(of: "990001", kind: "majorEvent")
        #expect(changed.records.isEmpty && changed.coverage.closable == [Coverage.Gap(.events, .setAside)])
        // Nothing is built on what may not be the newest.
        let id = try #require(
            try second.archive.raw { try Int64.fetchOne($0, sql: "SELECT id FROM version WHERE kind = 'majorEvent'") })
        #expect(throws: ArchiveError(.integrity, "")) { try second.session("clerk1").show(RecordID(id)) }
        #expect(throws: ArchiveError(.integrity, "")) {
            try second.session("clerk1").amend(RecordID(id), changes: ["description": "改"], reason: "x")
        }
    }

    @Test("In a bureau of more units than one statement asks about, officers of the first and the last are found")
    func manyUnits() throws {
        let fixture = try Fixture(withRecords: false)
        let units = (100...230).map { Unit(id: "U\($0)", parent: "U00", kind: "station", name: "派出所\($0)") }
        try fixture.session("sysadmin1").addUnits(units)
        let clerk = try fixture.session("clerk1")
        try clerk.addOfficers(
            units.enumerated().map { index, unit in
                Fixture.officer("\(800_000 + index)", unit: unit.id, name: "人\(index)", idNo: Fixture.idNumber(index))
            })
        for index in [0, 99, 100, units.count - 1] {
            #expect(try clerk.showOfficer("\(800_000 + index)").values["name"] == .string("人\(index)"))
        }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("A name that several officers bear is refused with their numbers, and leaves a line")
    func ambiguous() throws {
        let fixture = try Fixture()
        let clerk = try fixture.session("clerk1")
        try clerk.addOfficers([
            Fixture.officer("990004", unit: "U02", name: "金丝雀甲", idNo: "99010119980517115X")
        ])
        let size = try fixture.ledgerSize()
        do {
            _ = try clerk.showOfficer("金丝雀甲")
            Issue.record("shown")
        } catch let error as ArchiveError {
            #expect(error.code == .invalidEntry && error.subject == "990001, 990004")
        }
        #expect(try fixture.ledgerSize() == size + 1)
        #expect(try fixture.lastLeaf().outcome.hasPrefix("refused:"))
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            try clerk.addOfficers([
                Fixture.officer("990004", unit: "U02", name: "别人", idNo: "990101197608140777")
            ])
        }
        #expect(try fixture.archive.check().findings == [])
    }

    @Test("Nobody reads or handles his own file")
    func recusal() throws {
        let fixture = try Fixture()
        let own = try fixture.session("clerk1").showOfficer("990001").id
        let identity = try Identity.generate(user: "clerk8")
        let security = try fixture.session("secadmin1")
        try fixture.certify(identity, .clerk, officer: own, signers: [security, fixture.session("clerk1")])
        #expect(throws: ArchiveError(.invalidEntry, "")) {
            let other = try UserRequest.make(Identity.generate(user: "clerk7"), bureauID: "test")
            try security.proposeUser(request: other, role: .clerk, unit: "U00", officer: own)
        }
        for category in Fixture.political {
            let grant = try fixture.session("clerk1").proposeGrant(user: "clerk8", category: category, unit: "U00")
            #expect(try security.accept(grant).missing == nil)
        }
        let session = try Session(fixture.archive, identity: identity)
        session.purpose = Purpose("dailyManagement")
        let record = try fixture.session("clerk1").records(of: "990001").records[0].id
        #expect(throws: ArchiveError(.recusal, "")) { try session.showOfficer("990001") }
        #expect(try fixture.lastLeaf().outcome == "refused:recusal")
        #expect(throws: ArchiveError(.recusal, "")) { try session.records(of: "990001") }
        #expect(throws: ArchiveError(.recusal, "")) { try session.show(record) }
        #expect(throws: ArchiveError(.recusal, "")) { try session.file(Fixture.event("990001", "x")) }
        #expect(throws: ArchiveError(.recusal, "")) { try session.amend(record, changes: [:], reason: "x") }
        #expect(throws: ArchiveError(.recusal, "")) { try session.withdraw(record, reason: "x") }
        #expect(try session.search(RecordQuery()).found.allSatisfy { $0.officer.policeNo != "990001" })
        #expect(try session.records(of: "990002").records.count == 1)
    }
}
