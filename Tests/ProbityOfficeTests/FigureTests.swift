import CanonicalJSON
import Testing

@testable import ProbityOffice

extension Office {
    @Suite("Figures")
    struct FigureTests {
        private func premises() throws -> Premises { try Premises.shared.get() }

        /// Events of two stations in April 2019, one of them withdrawn: a month that no other test files in.
        private func figures(_ by: [String], language: String = "zh") throws -> FigureTable {
            let desk = try premises().desk("clerk1", purpose: "statistics", language: language)
            if try desk.figures(inquiry(["kind"])).rows.isEmpty { try file() }
            return try desk.figures(inquiry(by))
        }

        private func inquiry(_ by: [String]) throws -> FigureInquiry {
            try FigureInquiry(
                from: "2019-04-01", to: "2019-04-30", kinds: ["个人重大事项报告"], unit: nil, by: by)
        }

        private func file() throws {
            let desk = try premises().desk("clerk1")
            for (officer, state) in [
                ("990001", "submitted"), ("990001", "verified"), ("990003", "verified"), ("990003", "submitted"),
            ] {
                let form = try desk.form(
                    "majorEvent",
                    fields: ["eventKind=me06", "eventDate=2019-04-01", "reportDate=2019-04-10", "description=购房"])
                let record = try desk.file(form, about: .asNamed(officer), named: officer).id
                if state == "verified" {
                    _ = try premises().desk("reviewer1").advance(
                        [record], step: "verify", kind: "majorEvent", fields: [], reason: "核对无误")
                }
                if officer == "990003", state == "submitted" { _ = try desk.withdraw(record, reason: "重复") }
            }
        }

        @Test("Figures are added up by what is asked for, the withdrawn ones beside them")
        func sums() throws {
            let table = try figures(["unit", "kind"])
            #expect(table.labelColumns.map(\.title) == ["单位", "种类"])
            #expect(
                table.rows == [
                    FigureTable.Row(
                        labels: ["U01 一所", "个人重大事项报告"], records: 2,
                        states: [
                            .init(code: "submitted", label: "已提交", count: 1),
                            .init(code: "verified", label: "已审核", count: 1),
                        ], withdrawn: 0),
                    FigureTable.Row(
                        labels: ["U02 二所", "个人重大事项报告"], records: 1,
                        states: [.init(code: "verified", label: "已审核", count: 1)], withdrawn: 1),
                ])
            #expect(table.notice.notes == [] && table.notice.outcome == .done)
        }

        @Test("The table ends with the sum")
        func listing() throws {
            let listing = try figures(["unit"], language: "en").listing
            #expect(listing.columns.map(\.key) == ["unit", "records", "states", "withdrawn"])
            #expect(listing.columns.map(\.title) == ["unit", "records", "of which", "withdrawn beside"])
            #expect(
                listing.rows.map(\.cells) == [
                    ["U01 一所", "2", "submitted 1 · verified 1", "0"], ["U02 二所", "1", "verified 1", "1"],
                    ["total", "3", "", "1"],
                ])
        }

        @Test("The CSV has a row for every state and opens as UTF-8")
        func csv() throws {
            let csv = try figures(["unit", "form"]).csv
            #expect(
                csv == "\u{FEFF}单位,形态,状态,件数\r\nU01 一所,–,已提交,1\r\nU01 一所,–,已审核,1\r\n"
                    + "U02 二所,–,已审核,1\r\nU02 二所,–,已撤回,1\r\n")
        }

        @Test("Programs get codes, and what was and was not counted")
        func json() throws {
            #expect(
                try figures([]).json.parsed == [
                    "schema": "probity/counts/v1", "from": "2019-04-01", "to": "2019-04-30",
                    "rows": [
                        [
                            "kind": "majorEvent", "records": 3, "withdrawn": 1,
                            "states": ["submitted": 1, "verified": 2],
                        ]
                    ], "counted": ["events"], "coverage": ["gaps": []],
                ])
        }

        @Test("Figures that nobody can ask for are refused")
        func refused() throws {
            #expect(throws: OfficeError(.usage, "cli.rangeForm")) {
                _ = try FigureInquiry(from: "2019-05-01", to: "2019-04-30", kinds: [], unit: nil, by: [])
            }
            #expect(throws: OfficeError(.usage, "cli.dateForm")) {
                _ = try FigureInquiry(from: "May", to: "2019-04-30", kinds: [], unit: nil, by: [])
            }
            #expect(throws: OfficeError(.usage, "report.byUnknown")) {
                _ = try FigureInquiry(from: "2019-04-01", to: "2019-04-30", kinds: [], unit: nil, by: ["month"])
            }
            let everything = try FigureInquiry(from: "2019-04-02", to: "2019-04-30", kinds: [], unit: nil, by: [])
            let desk = try premises().desk("promoter1", purpose: "promotionReview")
            #expect(throws: (any Error).self) { _ = try desk.figures(everything) }
        }
    }
}
