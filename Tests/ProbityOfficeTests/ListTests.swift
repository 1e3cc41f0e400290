import CanonicalJSON
import ProbityOffice
import Testing

extension Office {
    @Suite("Lists")
    struct ListTests {
        private func premises() throws -> Premises { try Premises.shared.get() }

        @Test("The roster")
        func roster() throws {
            let desk = try premises().desk("clerk1")
            #expect(desk.rosterColumns.map(\.key) == ["number", "name", "unit", "post"])
            #expect(desk.rosterColumns.map(\.title) == ["警号", "姓名", "单位", "职务"])
            var rows: [Listing.Row] = []
            let notice = try desk.roster(unit: "U01") { rows.append($0) }
            #expect(notice.notes == [] && notice.outcome == .done)
            // Identifiers are random, and so is the order inside a unit.
            rows.sort { $0.cells[0] < $1.cells[0] }
            #expect(rows.map(\.cells) == [["990001", "甲一", "U01", "所长"], ["990002", "乙二", "U01", "民警"]])
            #expect(try rows.first?.json.parsed["schema"] == "probity/officer/v1")
        }

        @Test("Records of one officer, and of several")
        func records() throws {
            let desk = try premises().desk("clerk1", language: "en")
            let list = try desk.records(of: "990001", kind: "majorEvent")
            #expect(list.heading == ["990001", "甲一"])
            #expect(list.columns.map(\.key) == ["date", "kind", "state", "summary", "record"])
            #expect(list.columns.map(\.title) == ["date", "kind", "state", "summary", "record"])
            #expect(try list.whole?.parsed["records"]?.array?.count == list.rows.count)

            var search = RecordSearch()
            search.kind = "majorEvent"
            search.state = "submitted"
            search.since = "2026-07-01"
            search.until = "2026-07-01"
            let found = try desk.search(search)
            #expect(found.columns.map(\.key) == ["number", "name", "date", "kind", "state", "summary", "record"])
            #expect(
                found.rows.map { Array($0.cells[0...4]) } == [
                    ["990001", "甲一", "2026-07-01", "report of a major event", "submitted"]
                ])
            #expect(try found.whole?.parsed["records"]?.array?.first?["policeNo"] == "990001")
            #expect(try found.whole?.parsed["next"] == .null && found.notes == [])

            search.limit = 0
            #expect(throws: OfficeError(.usage, "cli.limitForm")) { _ = try desk.search(search) }
        }

        @Test("A list that is longer than its limit says how to go on; an empty one has no officers to name")
        func paging() throws {
            let desk = try premises().desk("clerk1")
            var search = RecordSearch()
            search.kind = "officer"
            search.limit = 2
            let page = try desk.search(search)
            let last = try #require(page.rows.last?.cells[6])
            #expect(page.notes.map(\.text) == ["还有更多，用 --cursor \(last) 续查"] && page.notes[0].isInJSON)
            #expect(try page.whole?.parsed["next"]?.string == last)
            search.cursor = last
            let rest = try desk.search(search)
            #expect(Set((page.rows + rest.rows).map(\.cells[1])) == ["甲一", "乙二", "丙三"])
            #expect(page.rows.count == 2 && rest.rows.count == 1 && rest.notes == [])
            search.until = "1990-01-01"
            let none = try desk.search(search)
            #expect(none.columns.map(\.key) == ["date", "kind", "state", "summary", "record"])
            #expect(none.rows.isEmpty && none.notes.map(\.text) == ["在所查范围内没有找到记录"])
            #expect(try desk.records(of: "990003", kind: "incident").notes.map(\.text) == ["在所查范围内没有找到记录"])
        }

        @Test("Users, grants, units and kinds")
        func people() throws {
            let desk = try premises().desk("secadmin1", purpose: nil, language: "en")
            let users = try desk.users()
            #expect(users.columns.map(\.key) == ["user", "role", "unit", "left"])
            let clerk = try #require(users.rows.first { $0.cells[0] == "clerk1" })
            #expect(clerk.cells[2...] == ["U00", ""])
            #expect(
                try clerk.json.parsed == [
                    "schema": "probity/user/v1", "user": "clerk1", "role": "clerk", "unit": "U00", "serial": 1,
                    "left": .null,
                ])
            let grants = try desk.grants(of: "supervisor1")
            #expect(grants.columns.map(\.title) == ["user", "category", "unit", "from", "until"])
            #expect(
                try grants.rows.compactMap { try $0.json.parsed["category"]?.string }.sorted() == [
                    "duty", "governance", "roster",
                ])
            #expect(grants.rows.allSatisfy { $0.cells[0] == "supervisor1" && $0.cells[4] == "–" })
            let units = try desk.units()
            #expect(units.columns.map(\.key) == ["unit", "name"])
            #expect(units.rows.map(\.cells) == [["U00", "测试县公安局"], ["U01", "一所"], ["U02", "二所"]])
            let kinds = try SchemaWords(desk.wording).kinds
            #expect(kinds.columns.map(\.key) == ["kind", "category"])
            #expect(kinds.rows.contains { $0.cells == ["talk (talk)", "talks"] })
        }

        @Test("A proposal waits in the list, and the second signature puts it in force")
        func proposals() throws {
            let clerk = try premises().desk("clerk1", purpose: nil)
            let answer = try clerk.proposeGrant(
                to: "supervisor1", category: "roster", unit: "U02", until: "2099-12-31")
            let number = try #require(Int64(answer.id))
            #expect(answer.notes.map(\.text) == ["提议 \(number) 等待签署：probity approve show \(number)"])
            let secadmin = try premises().desk("secadmin1", purpose: nil)
            let waiting = try secadmin.approvals()
            // What came of his own proposals stands there too.
            let rows = waiting.rows.filter { $0.cells[0] == String(number) }
            #expect(waiting.columns.map(\.key) == ["proposal", "summary", "date", "state", "signers", "missing"])
            #expect(
                rows.map { row in row.cells.indices.filter { $0 != 2 }.map { row.cells[$0] } } == [
                    [String(number), "授权：supervisor1 查看 U02 的“人员名册”", "待审批", "clerk1", "安全保密管理员签名"]
                ])
            #expect(try rows.first?.json.parsed["signers"] == ["clerk1"])
            let signed = try secadmin.accept(number, as: secadmin.approval(number).fingerprint)
            #expect(signed.lines == ["已生效"])
            #expect(
                try signed.json.parsed == [
                    "schema": "probity/accepted/v1", "inForce": true, "missing": .null, "lowering": .null,
                ])
            #expect(try !secadmin.approvals().rows.contains { $0.cells[0] == String(number) })
            #expect(throws: OfficeError(.usage, "cli.categoryUnknown")) {
                _ = try clerk.proposeGrant(to: "supervisor1", category: "all", unit: "U02", until: nil)
            }
        }

        @Test("Why somebody may not")
        func explain() throws {
            let desk = try premises().desk("clerk1", language: "en")
            let answer = try desk.explain("read", category: "complaints")
            #expect(answer.lines == ["your role does not read this category", "  no grant in this category"])
            #expect(
                try answer.json.parsed == [
                    "schema": "probity/explain/v1", "allowed": false, "byRole": false, "refusal": "roleDoesNotRead",
                    "grants": [],
                    "coverage": [
                        "gaps": [["category": "complaints", "cause": "role", "except": [], "units": [], "on": .null]]
                    ],
                ])
            #expect(try desk.explain("file", category: "talks").lines.first == "allowed")
            #expect(throws: OfficeError(.usage, "cli.rightUnknown")) {
                _ = try desk.explain("burn", category: "talks")
            }
        }

        @Test("Ledger lines, newest first, with their details")
        func ledger() throws {
            _ = try premises().desk("clerk1").showOfficer("990002")
            let desk = try premises().desk("auditor1", purpose: nil)
            var inquiry = LedgerInquiry()
            inquiry.actor = "clerk1"
            inquiry.act = "officer.show"
            inquiry.limit = 1
            let lines = try desk.ledger(inquiry)
            #expect(lines.columns.map(\.key) == ["sequence", "time", "user", "act", "outcome", "details"])
            let row = try #require(lines.rows.first)
            #expect(row.cells[2...4] == ["clerk1", "查看人员", "完成"])
            #expect(row.cells[5].hasSuffix("；用途：日常管理；查询内容：990002；理由：测试"))
            #expect(try row.json.parsed["details"]?["query"] == "990002" && row.json.parsed["act"] == "officer.show")
            #expect(lines.notes.map(\.text) == ["还有更早的，用 --before \(row.cells[0]) 续查"])
            inquiry.since = "2099"
            #expect(throws: OfficeError(.usage, "cli.dateForm")) { _ = try desk.ledger(inquiry) }
        }
    }
}
