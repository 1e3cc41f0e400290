import CanonicalJSON
import Foundation
import GRDB
import ProbityCrypto
import ProbityLedger
import ProbityRecords
import ProbityTestSupport
import Testing

@testable import ProbityStore

extension AdversaryTests {
    @Test("A clerk alone ends the protection of an officer in an anti-gang case: as a version of the kind helpMeasure")
    func protectionEnded() throws {
        let number = house.number()
        let kind = try #require(house.model.kinds["antiGangCase"])
        let record = try house.file(kind, about: number, by: "inspector1")
        try house.session("inspector2").advance(record.id, step: "approve", reason: "批")
        let before = try entry(record.id)
        #expect(before.content.state == "active")
        try plant(
            "helpMeasure", about: number, by: "clerk1", behind: before, step: "end", state: "ended",
            values: before.content.values.merging(["result": "x"]) { $1 }, reason: "x")
        #expect(try house.session("inspector2").show(record.id).entry.content.state == "active")
        try demandSetAside(number, .care, kind: "antiGangCase")
    }

    @Test("A clerk verifies the check of personal matters of another clerk: as a version of the kind majorEvent")
    func verificationAsEvent() throws {
        let number = house.number()
        let kind = try #require(house.model.kinds["verification"])
        let values = kind.filing().merging(["result": "r0", "checkedOn": "2026-11-20"]) { $1 }
        let id = try house.session("inspector1").file(.init(kind: "verification", officer: number, values: values))
        let clerk = try house.session("clerk1")
        #expect(throws: ArchiveError(.roleRefuses, "")) { try clerk.advance(id, step: "verify", reason: "核") }
        try plant(
            "majorEvent", about: number, by: "clerk1", behind: entry(id), step: "verify", state: "verified",
            values: values, reason: "核")
        #expect(try must("must2", number).first?.verdict == .hold)
        #expect(try demandSetAside(number, .events, kind: "verification").map(\.content.state) == ["submitted"])
    }

    @Test("A complaint's step says another day than its content")
    func otherDay() throws {
        let number = house.number()
        let record = try lead(number)
        let before = try entry(record.id)
        let session = try house.session("inspector1")
        let declared = try session.declaredKind("complaint")
        let values = before.content.values.merging(["receiptNo": "1"]) { $1 }
        try house.fixture.forge(session.identity, "record.advance") { writer in
            let key = try #require(try session.graph.dossierKey(record.id.dossier, writer.db))
            let columns = declared.clearColumns(
                values: values, state: "registered", filedOn: house.fixture.archive.today)
            let content = VersionContent(
                officer: before.content.officer,
                ClearColumns(
                    kind: "complaint", state: "registered", occurredOn: try #require(CivilDate("1900-01-01")),
                    dueOn: columns.dueOn, form: columns.form),
                edition: declared.edition, filedOn: house.fixture.archive.today, filedBy: "inspector1",
                step: "register", reason: "x", values: values)
            try session.vault.insert(
                content, kind: declared, record: record.id.number,
                version: session.vault.nextVersion(in: record.id.dossier, writer.db), key: key, in: writer)
        }
        let read = try house.session("inspector2").records(
            of: number, kind: "complaint", since: CivilDate("2026-01-01"))
        #expect(read.records.map(\.content.state) == ["received"])
        #expect(read.coverage.closable == [Coverage.Gap(.complaints, .setAside)])
    }

    @Test(
        "A control measure that a leader must sign is approved by an inspector: as a version of the kind antiGangCase")
    func controlApproved() throws {
        let number = house.number()
        let kind = try #require(house.model.kinds["helpMeasure"])
        let variant = try #require((0..<kind.variantCount).first { kind.filing(variant: $0)["level"] == "control" })
        let record = try house.file(kind, variant: variant, about: number, by: "clerk1")
        #expect(throws: ArchiveError.self) {
            try house.session("inspector1").advance(record.id, step: "approve", reason: "批")
        }
        let before = try entry(record.id)
        try plant(
            "antiGangCase", about: number, by: "inspector1", behind: before, step: "approve", state: "active",
            values: before.content.values, reason: "批")
        let shown = try house.session("inspector2").show(record.id)
        #expect(shown.entry.content.state == before.content.state && !shown.coverage.isComplete)
    }

    @Test("A first version under the number of the next record")
    func trap() throws {
        // A first version that takes the number of the next record shuts the file when somebody files it.
        let number = house.number()
        _ = try lead(number)
        let session = try house.session("inspector1")
        let declared = try session.declaredKind("complaint")
        try house.fixture.forge(session.identity, "record.add") { writer in
            let officer = try session.roster.locate(number, writer.db)
            let key = try session.vault.dossierKey(.complaints, officer: officer, unit: "U01", in: writer)
            let next = try session.vault.nextVersion(in: key.dossier, writer.db)
            let outcome = Workflow.Outcome(step: "file", state: "received", values: complaint.filing())
            try session.vault.insert(
                session.vault.content(outcome, declared, officer: officer), kind: declared, record: next + 1,
                version: next, key: key, in: writer)
        }
        #expect(try demandSetAside(number, .complaints, kind: "complaint").count == 1)
        // Whoever files next gets another number, and loses nothing.
        _ = try lead(number)
        #expect(try demandSetAside(number, .complaints, kind: "complaint").count == 2)
    }

    @Test("A holder with tools proposes a grant to a role that may not read the category; nobody's program signs it")
    func grantToRole() throws {
        let (holder, security) = (try house.session("inspector1"), try house.session("secadmin1"))
        #expect(throws: ArchiveError(.roleRefuses, "")) {
            try holder.proposeGrant(user: "clerk1", category: .complaints, unit: "U00")
        }
        let clerk = try house.session("clerk1")
        let id = try holder.write(.accessGrant) { run, writer in
            try run.demandRight(in: .complaints)
            let node = try holder.graph.node(at: NodePlace(category: .complaints, unit: "U00"), in: writer)
            let wrap = try holder.graph.wrap(node, to: clerk.certificate)
            let grant = Grant(
                to: clerk.certificate, place: node.place, key: node.keyID, wrap: wrap,
                notBefore: house.fixture.archive.today, notAfter: nil)
            let note = try SignedNote(
                text: grant.text(archiveID: house.fixture.archive.header.archiveID), signers: [holder.ownSigner])
            let release = try PersonWrap.wrap(
                SecretBytes(copying: wrap), to: security.certificate.agreementKey,
                context: KeyGraph.context(
                    archiveID: house.fixture.archive.header.archiveID, from: "wrap:\(grant.wrapDigest)",
                    to: "user:secadmin1", purpose: "release"))
            return try writer.insertProposal(.grant, note: note.bytes, release: release)
        }
        #expect(throws: ArchiveError(.roleRefuses, "")) { try security.accept(id) }
    }

    @Test("A late report is filed as of an earlier day")
    func backdated() throws {
        let number = house.number()
        let kind = try #require(house.model.kinds["majorEvent"])
        let id = try plant(
            "majorEvent", about: number, by: "clerk1", state: "submitted", values: kind.filing(),
            filedOn: CivilDate("2026-01-05"))
        #expect(throws: ArchiveError(.notVisible, "")) { try house.session("clerk2").show(id) }
        #expect(try demandSetAside(number, .events, kind: "majorEvent", as: "clerk2").isEmpty)
    }

    @Test("A line about several records, one of them the reader's, is closed to him")
    func severalRecords() throws {
        let (own, other) = (DoorHouse.subjectNumber, house.number())
        let subject = try #require(house.subject).user
        let mine = try house.file(sanction, about: own, by: "inspector1")
        let last = try house.file(sanction, about: other, by: "reviewer1")
        #expect(throws: ArchiveError.self) {
            try house.session("reviewer1").advance([mine.id, last.id], step: "verify", reason: "对该员处分属实")
        }
        let line = try #require(try lines(subject, 4).first { $0.leaf.act == "record.advance" })
        #expect(line.isWithheld && line.details == nil)
    }

    @Test(
        "A promoter alone puts an opinion in force that no second inspector verified: as a version of the kind fileReview"
    )
    func opinionAsReview() throws {
        let number = house.number()
        let values = opinion.filing().merging([
            "specificLeadOpen": false, "conclusion": "noObjection", "repliedOn": "2026-11-20",
        ]) { $1 }
        let id = try house.session("inspector1").file(.init(kind: "opinion", officer: number, values: values))
        #expect(try must("must3", number).first?.verdict == .hold)
        try plant(
            "fileReview", about: number, by: "promoter1", behind: entry(id), step: "verify", state: "verified",
            values: values, reason: "核")
        #expect(try must("must3", number).first?.verdict == .hold)
        #expect(try house.session("inspector2").show(id).entry.content.state == "submitted")
    }

    @Test("An inspector proposes a complaint's disposal by all the others: they turn it down")
    func frozen() throws {
        let number = house.number()
        var record = try lead(number)
        for act in ["register", "accept"] { try advance(&record, act) }
        try advance(&record, "assess", ["specificLead": true])
        let others = try ["inspector2", "inspector3", "inspector4", #require(house.subject).user]
        let result = try house.session("inspector1").advance(
            record.id, step: "dispose",
            changes: [
                "disposal": "preliminary", "handlers": .string(others.joined(separator: "、")), "conflictChecked": true,
            ], reason: "拟办")
        let id = try #require(result.proposal)
        #expect(result.signers.isEmpty)
        for user in others.prefix(3) {
            #expect(throws: ArchiveError(.needsSecondPerson, "")) { try house.session(user).accept(id) }
        }
        #expect(try house.session("inspector2").proposals().value.entries.contains { $0.id == id })
        try house.session("inspector2").deny(id, reason: "不能都是承办人")
        #expect(throws: Never.self) {
            try house.session("inspector3").advance(
                record.id, step: "extend", changes: ["dueOn": "2026-12-31"], reason: "延")
        }
    }

    @Test("One inspector assesses a lead as not specific, which takes two, by a value that is neither true nor false")
    func assessedAlone() throws {
        let number = house.number()
        var record = try house.file(complaint, about: number, by: "inspector2")
        for act in ["register", "accept"] { try advance(&record, act) }
        let before = try entry(record.id)
        try plant(
            "complaint", about: number, by: "inspector1", behind: before, step: "assess", state: "assessed",
            values: before.content.values.merging(["specificLead": "false"]) { $1 }, reason: "x")
        #expect(try house.session("inspector2").show(record.id).entry.content.state == "accepted")
        try demandSetAside(number, .complaints, kind: "complaint")
    }

    @Test(
        "One inspector dates 'established' back",
        arguments: [false, true])
    func establishedBefore(isPlanted: Bool) throws {
        let number = house.number()
        try clearOpinion(number)
        house.fixture.clock.move(by: 86_400)
        var record = try lead(number)
        if isPlanted {
            let signal = try #require(try signals(number).first)
            try plant(
                "leadSignal", about: number, by: "inspector1", behind: signal, step: "establish", state: "raised",
                values: signal.content.values.merging(["established": true]) { $1 }, filedOn: CivilDate("2026-11-01"),
                reason: "x")
        }
        guard !isPlanted else {
            #expect(try signals(number).first?.content.values["established"] == nil)
            #expect(try must("coverage", number).map(\.verdict) == [.hold])
            return
        }
        try conclude(&record, "established", on: "2026-11-21")
        try lower(number)
        #expect(try (must("must3", number) + must("must4", number)).map(\.verdict) == [.hold, .hold])
    }

    @Test(
        "One inspector plants a signal beforehand that should count for nothing",
        arguments: ["none", "raisedOn", "filedOn", "revokedOn"])
    func deafSignal(what: String) throws {
        let number = house.number()
        try clearOpinion(number)
        var values: [String: JSONValue] = ["raisedOn": "2026-11-20"]
        if what == "raisedOn" { values["raisedOn"] = "2099-01-01" }
        if what == "revokedOn" { values["revokedOn"] = "2026-11-20" }
        if what != "none" {
            try plant(
                "leadSignal", about: number, by: "inspector1", state: "raised", values: values,
                filedOn: what == "filedOn" ? CivilDate("2099-01-01") : nil)
        }
        house.fixture.clock.move(by: 86_400)
        if ["none", "raisedOn"].contains(what) {
            // A signal is as old as its line, whatever day it says.
            _ = try lead(number)
            let found = try must("must4", number)
            #expect(found.map(\.verdict) == [.hold] && found.first?.message == "promotion.leadRaised", "\(found)")
        } else {
            // It is none; the next lead raises a true one.
            #expect(try must("coverage", number).map(\.verdict) == [.hold])
            _ = try lead(number)
            #expect(try must("must4", number).first?.message == "promotion.leadRaised")
        }
    }

    @Test(
        "One inspector raises a lowered signal again with a day that lies ahead")
    func raisedAgain() throws {
        let number = house.number()
        var first = try lead(number)
        try conclude(&first, "untrue", on: "2026-11-20")
        try lower(number)
        house.fixture.clock.move(by: 86_400)
        try clearOpinion(number, on: "2026-11-21")
        let signal = try #require(try signals(number).first)
        try plant(
            "leadSignal", about: number, by: "inspector1", behind: signal, step: "raise", state: "raised",
            values: ["raisedOn": "2099-01-01"], reason: "x")
        house.fixture.clock.move(by: 86_400)
        _ = try lead(number)
        #expect(try must("must4", number).map(\.verdict) == [.hold])
    }

    @Test("Steps of complaints are closed to who is an officer, whomever they are about")
    func stepsOfComplaints() throws {
        let (own, other) = (DoorHouse.subjectNumber, house.number())
        let subject = try #require(house.subject).user
        for number in [other, own] {
            let record = try lead(number)
            try house.session("inspector2").advance(
                record.id, step: "register", changes: ["receiptNo": "1"], reason: "登记")
            let line = try #require(try lines(subject, 3).first { $0.leaf.act == "record.advance" })
            #expect(line.isWithheld)
        }
    }

    @Test(
        "Texts that name a reporter",
        arguments: [
            "举报者：王五", "举报人就是王五", "提供线索人：王五", "署名人：王五", "写信人：王五", "检举者：王五", "反映者王五称", "微信号wangwu88",
            "QQ：1234567", "举报人即王五", "来函人：王五", "邮箱wangwu@163.com", "爆料人：王五",
        ])
    func reporterTexts(text: String) throws {
        #expect(ReporterIdentity.isSuspected(in: text))
        let session = try house.session("inspector1")
        let record = try lead(house.number())
        #expect(throws: ArchiveError(.reporterIdentity, "")) { try session.withdraw(record.id, reason: text) }
    }

    @Test("Texts that only look so", arguments: ["微信转账5000元", "举报信一封", "@所有人", "见信访件第12号", "微信群聊天记录"])
    func harmlessTexts(text: String) { #expect(!ReporterIdentity.isSuspected(in: text)) }

    @Test("The same, among the openings of an export")
    func exported() throws {
        let subject = try house.session(#require(house.subject).user)
        let record = try lead(DoorHouse.subjectNumber).id
        let proposal = try #require(try house.session("inspector2").withdraw(record, reason: "误").proposal)
        try house.session("inspector3").deny(proposal, reason: "受贿一事尚待核实")
        let path = house.fixture.folder.path + "/export"
        _ = try subject.exportLedger(to: path, openings: true)
        let opened = String(decoding: try Files.read("\(path)/openings.jsonl"), as: UTF8.self)
        #expect(!opened.contains("受贿一事尚待核实"))
    }

    @Test(
        "The security administrator alone certifies an officer's user with keys that he made, and renews them",
        arguments: [true, false])
    func aloneCertified(isNew: Bool) throws {
        let security = try house.session("secadmin1")
        let officer = try house.session("clerk1").showOfficer(house.number()).value.id
        for round in isNew ? 1...1 : 1...2 {
            let identity = try Identity.generate(user: "puppet")
            let request = try UserRequest.make(identity, bureauID: "test")
            let (proposal, text) = try security.proposeUser(
                request: request, role: .officer, unit: "U00", officer: officer)
            let acceptance = try UserAcceptance.make(
                ArchiveFolder(house.fixture.path), proposal: text, identity: identity
            ).text
            #expect(try security.accept(proposal, acceptance: acceptance).missing == .credential(.secondAdministrator))
            #expect(throws: ArchiveError(.wrongPassphrase, "")) {
                try Session(house.fixture.archive, identity: identity)
            }
            _ = round
        }
    }

    @Test(
        "The security administrator alone takes over a user's name, as an officer's: an inspector's, the only auditor's",
        arguments: ["inspector1", "auditor1", "sysadmin1"])
    func takenOver(user: String) throws {
        let security = try house.session("secadmin1")
        let officer = try house.session("clerk1").showOfficer(house.number()).value.id
        let victim = try house.session(user)
        let identity = try Identity.generate(user: user)
        let request = try UserRequest.make(identity, bureauID: "test")
        let (proposal, text) = try security.proposeUser(request: request, role: .officer, unit: "U00", officer: officer)
        let acceptance = try UserAcceptance.make(ArchiveFolder(house.fixture.path), proposal: text, identity: identity)
            .text
        #expect(try security.accept(proposal, acceptance: acceptance).missing == .credential(.secondAdministrator))
        #expect(throws: ArchiveError(.wrongPassphrase, "")) { try Session(house.fixture.archive, identity: identity) }
        #expect(throws: Never.self) { _ = try victim.users() }
    }

    @Test(
        "Who is an officer does not read why somebody turned down a matter about himself",
        arguments: ["sanction", "complaint"])
    func denialAboutHimself(kind: String) throws {
        let own = DoorHouse.subjectNumber
        let subject = try #require(house.subject).user
        let record: RecordID
        if kind == "sanction" {
            record = try house.file(sanction, about: own, by: "inspector1").id
        } else {
            record = try lead(own).id
        }
        let proposal = try #require(try house.session("inspector2").withdraw(record, reason: "误").proposal)
        try house.session("inspector3").deny(proposal, reason: "受贿一事尚待核实")
        let line = try #require(try lines(subject).first { $0.leaf.act == "approve.deny" })
        #expect(line.isWithheld && line.details == nil)
    }

    @Test(
        "Whom a complaint is about, in the tray: the officer's text tells who reported",
        arguments: ["举报人：王五", "990105 13800138000", "990105\u{1B}[2K\u{202E}"])
    func reporterInTray(text: String) throws {
        let code: ArchiveError.Code = text.contains("\u{1B}") ? .invalidEntry : .reporterIdentity
        #expect(throws: ArchiveError(code, "")) {
            try house.session("clerk1").drop(.init(kind: "complaint", officer: text, values: complaint.filing()))
        }
    }

    @Test("Who is an officer asks for every matter by number: his own lines do not say which is about himself")
    func hiddenMatter() throws {
        let subject = try house.session(#require(house.subject).user)
        let record = try lead(DoorHouse.subjectNumber).id
        let proposal = try #require(try house.session("inspector2").withdraw(record, reason: "误").proposal)
        for id in [proposal, proposal + 1] {
            #expect(throws: ArchiveError(.notVisible, "")) { try subject.proposal(id) }
        }
        let own = try lines(subject.user, 5).filter { $0.leaf.act == "approve.show" }
        #expect(own.count == 2 && own.allSatisfy { $0.details?["proposal"] != nil && $0.details?["refusal"] == nil })
        let other = try #require(try lines("auditor1", 5).first { $0.leaf.act == "approve.show" })
        #expect(other.details?["refusal"] != nil)
    }

    @Test("A version that names another officer than its file: no search shows it")
    func otherOfficer() throws {
        let (number, other) = (house.number(), house.number())
        _ = try house.file(sanction, about: number, by: "inspector1")
        let session = try house.session("reviewer1")
        let declared = try session.declaredKind("sanction")
        try house.fixture.forge(session.identity, "record.add") { writer in
            let officer = try session.roster.locate(number, writer.db)
            let wrong = try session.roster.locate(other, writer.db)
            let key = try session.vault.dossierKey(.sanctions, officer: officer, unit: "U01", in: writer)
            let outcome = Workflow.Outcome(
                step: "file", state: "submitted", values: sanction.filing(variant: 0), approval: nil)
            try session.vault.insert(
                session.vault.content(outcome, declared, officer: wrong), kind: declared, record: nil,
                version: session.vault.nextVersion(in: key.dossier, writer.db), key: key, in: writer)
        }
        var query = RecordQuery()
        query.kind = "sanction"
        let found = try house.session("inspector2").search(query)
        #expect(found.value.found.map(\.officer.policeNo) == [number])
        #expect(found.coverage.closable.contains(Coverage.Gap(.sanctions, .setAside)))
        #expect(try demandSetAside(number, .sanctions, kind: "sanction").count == 1)
    }
}
