import CanonicalJSON
import ProbityRecords
import Testing

@Suite("Record kinds")
struct CatalogueKindTests {
    let catalogue: KindCatalogue

    init() throws { catalogue = try KindCatalogue.standard() }

    @Test("A kind is found by its identifier and by its name in either language")
    func kindByName() throws {
        #expect(catalogue.kind("talk")?.id == "talk")
        #expect(catalogue.kind(named: "谈话记录")?.id == "talk")
        #expect(catalogue.kind(named: " Drinking Incident ")?.id == "incident")
        #expect(catalogue.kind("talks") == nil)
        #expect(catalogue.kind(named: "") == nil)
    }

    @Test("Every state of every kind is reached from one in which records are filed")
    func statesAreReachable() {
        for kind in catalogue.kinds {
            var reached = Set([kind.initialState])
            var changed = true
            while changed {
                let before = reached.count
                for step in kind.steps where !step.from.isDisjoint(with: reached) {
                    reached.formUnion(step.from.intersection(reached).map { step.state(after: $0) })
                }
                changed = reached.count > before
            }
            #expect(Set(kind.states).subtracting(reached).sorted() == [], "\(kind.id)")
        }
    }

    @Test("Every role that a step or an approval names works in the category: none is declared for nothing")
    func stepsAreTakeable() throws {
        let policy = try AccessPolicy.standard()
        for kind in catalogue.kinds {
            for step in kind.steps {
                let approvers = step.approvals.reduce(into: Set<Role>()) { $0.formUnion($1.roles) }
                for role in step.roles.union(approvers) {
                    let files = policy.decide(role: role, act: .file, category: kind.category, kind: kind.id)
                    let approves = policy.decide(role: role, act: .approve, category: kind.category)
                    #expect(files.isAllowed || approves.isAllowed, "\(kind.id): \(step.act): \(role)")
                }
            }
        }
    }

    @Test("Every kind can be filed by a role")
    func kindsAreFileable() throws {
        let policy = try AccessPolicy.standard()
        for kind in catalogue.kinds {
            let able = Role.allCases.filter {
                policy.decide(role: $0, act: .file, category: kind.category, kind: kind.id).isAllowed
            }
            #expect(!able.isEmpty, "\(kind.id)")
        }
    }

    @Test("A complaint moves as the regulations say")
    func complaintStates() throws {
        let complaint = try #require(catalogue.kind("complaint"))
        func targets(_ state: String, _ role: Role? = .inspector) -> Set<String> {
            Set(complaint.steps(from: state, role: role).compactMap(\.to))
        }
        #expect(complaint.initialState == "received")
        #expect(targets("received") == ["registered", "forwarded", "withdrawn"])
        #expect(targets("registered") == ["forwarded", "notAccepted", "accepted", "referred", "withdrawn"])
        #expect(targets("accepted") == ["assessed", "referred", "withdrawn"])
        #expect(targets("assessed") == ["disposed", "referred", "withdrawn"])
        #expect(targets("disposed") == ["filedCase", "outcome", "extended", "suspended", "referred", "withdrawn"])
        #expect(targets("outcome") == ["feedback", "archived", "reopened"])
        #expect(targets("archived") == ["reopened"])
        for state in complaint.states {
            #expect(targets(state, .clerk).isEmpty)
            #expect(targets(state, .leader).isEmpty)
        }
        #expect(targets("no such state").isEmpty)
    }

    @Test("Nobody goes round the second signature of a withdrawal by steps that need none")
    func withdrawalByDetour() {
        for kind in catalogue.kinds {
            func withdraws(_ state: String) -> [Step] { kind.steps(from: state).filter { $0.act == "withdraw" } }
            for start in kind.states where withdraws(start).contains(where: { !$0.approvals.isEmpty }) {
                var reached: Set<String> = [start]
                var count = 0
                while reached.count > count {
                    count = reached.count
                    for step in kind.steps where step.approvals.isEmpty && step.act != "withdraw" {
                        reached.formUnion(step.from.intersection(reached).map { step.state(after: $0) })
                    }
                }
                for state in reached.sorted() {
                    #expect(withdraws(state).allSatisfy { !$0.approvals.isEmpty }, "\(kind.id): \(start) → \(state)")
                }
            }
        }
    }

    @Test("A state is known by code and by name")
    func stateNames() throws {
        let talk = try #require(catalogue.kind("talk"))
        #expect(talk.state(named: "closed") == "closed")
        #expect(talk.state(named: " 已办结 ") == "closed")
        #expect(talk.state(named: "waiting for follow-up") == "followUp")
        // A state of another kind is none of this one.
        #expect(talk.state(named: "已立案") == nil)
        #expect(catalogue.stateLabel("closed", .en) == "closed")
        #expect(catalogue.stateLabel("closed", .zh) == "已办结")
    }

    @Test("Clear columns come from the values")
    func clearColumns() throws {
        let filedOn = try #require(CivilDate("2026-05-12"))
        let talk = try #require(catalogue.kind("talk"))
        let values: [String: JSONValue] = ["talkKind": "remind", "talkOn": "2026-05-11", "rectifyBy": "2026-06-10"]
        let open = talk.clearColumns(values: values, state: "held", filedOn: filedOn)
        #expect(open.kind == "talk")
        #expect(open.state == "held")
        #expect(open.occurredOn == CivilDate("2026-05-11"))
        #expect(open.dueOn == CivilDate("2026-06-10"))
        #expect(open.form == 1)
        // Nothing is due any more, and a heart-to-heart talk is none of the four forms.
        let closed = talk.clearColumns(
            values: values.merging(["talkKind": "heartTalk"]) { $1 }, state: "closed", filedOn: filedOn)
        #expect(closed.dueOn == nil)
        #expect(closed.form == nil)

        let officer = try #require(catalogue.kind("officer"))
        let identity = officer.clearColumns(values: [:], state: "current", filedOn: filedOn)
        #expect(identity.occurredOn == filedOn)

        let report = try #require(catalogue.kind("engagementReport"))
        let approved = report.clearColumns(values: ["engagementOn": "2026-09-30"], state: "approved", filedOn: filedOn)
        #expect(approved.dueOn == CivilDate("2026-10-01"))
    }

    @Test("No clear column of the roster shows a birth date or an identity")
    func officerColumnsAreHarmless() throws {
        let officer = try #require(catalogue.kind("officer"))
        #expect(officer.occurredOnField == nil)
        #expect(officer.field("idNo")?.sensitivity == .sensitive)
    }

    @Test("Blank tables have the officer first and every field once")
    func templates() throws {
        for kind in catalogue.kinds {
            for language in [Language.zh, .en, nil] {
                let header = kind.templateHeader(language)
                #expect(header.count == kind.fields.count + (kind.id == "officer" ? 0 : 1))
                #expect(Set(header).count == header.count, "\(kind.id)")
                guard case .success = ImportMap.reading(kind: kind, header: header) else {
                    Issue.record("the template of \(kind.id) is not accepted")
                    continue
                }
            }
        }
        let talk = try #require(catalogue.kind("talk"))
        #expect(Array(talk.templateHeader(.zh).prefix(3)) == ["警号", "谈话种类", "谈话日期"])
        #expect(Array(talk.templateHeader(nil).prefix(3)) == ["policeNo", "talkKind", "talkOn"])
        let officer = try #require(catalogue.kind("officer"))
        #expect(officer.templateHeader(.zh).first == "警号")
    }

    @Test("The JSON Schema of a small kind is this one")
    func jsonSchema() throws {
        let kind = try #require(catalogue.kind("caseEnquiry")).jsonSchema(.en)
        #expect(kind["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(kind["$id"] == "urn:probity:kind:caseEnquiry")
        #expect(kind["additionalProperties"] == false)
        #expect(kind["required"] == ["enquiredOn", "enquirer", "relation", "caseRef", "mode", "content"])
        #expect(kind["properties"]?["enquiredOn"] == ["title": "enquired on", "type": "string", "format": "date"])
        let mode = kind["properties"]?["mode"]
        #expect(mode?["oneOf"]?.array?.first == ["const": "oral", "title": "oral"])
        #expect(kind["allOf"] == nil)
    }

    @Test("The JSON Schema states the rules it can")
    func jsonSchemaRules() throws {
        let schema = try #require(catalogue.kind("engagementReport")).jsonSchema(.zh)
        let rules = try #require(schema["allOf"]?.array)
        let duty = try #require(rules.first { $0["$comment"] == "engagement.d2" })
        let expected: JSONValue = [
            "$comment": "engagement.d2",
            "if": [
                "allOf": [
                    ["required": ["alcohol"], "properties": ["alcohol": ["enum": [true]]]],
                    ["required": ["dutyNext12h"], "properties": ["dutyNext12h": ["enum": [true]]]],
                ]
            ],
            "then": false,
        ]
        #expect(duty == expected)
        let guests = try #require(rules.first { $0["$comment"] == "engagement.d7" })
        #expect(
            guests["if"]?["allOf"]?.array?.first?["properties"]
                == ["guests": ["contains": ["enum": ["managed", "subordinate"]]]])
        for kind in catalogue.kinds {
            // Whatever is emitted is a value that canonical JSON can carry.
            let text = kind.jsonSchema(.zh).canonicalBytes
            #expect(try JSONValue(parsing: text) == kind.jsonSchema(.zh), "\(kind.id)")
        }
    }
}
