import CanonicalJSON

// What the value of a rule holds. A misspelt member would silently bar nobody, so each is checked when the file is read.
//
//   impact.<measure>   {"measure", "track", "period", "bars": {move: months}, "minimumMonths", "maximumMonths", "ended"}
//                      period: fixed (n months from the decision), afterRights (n months from rights restored), decided
//                      (the months that the decision states, between minimum and maximum), whileLasting (until its end is
//                      recorded), permanent, none. `ended` overrides the verdict of `period.ended` for this measure.
//   period.ended       {"verdict", "affects", "lifted": {track: verdict}}: a period that is over; judged to affect use;
//                      lifted (解除)
//   period.secondParty {"combine": "remainderPlusNew" or "longest"}
//   furtherUse.anyPeriod {"tracks": [track]}: tracks of which every running period bars 进一步使用; none switches it off
//   must.1 … must.4    {"results": {code: verdict}, "decisions": {code: verdict}, "lossMonths": {decision: months}}
//                      decisions: what a decided difference comes to; lossMonths: decisions that take candidate status, and
//                      for how long from their day
//   appraisal          {"results": {grade: verdict}}
//   must.validity      {"days"}
//   must.stale         {"sections": {must: [kind]}}: adverse records that, filed or changed later, make an answer stale
//   facts.<kind>       {"states", "ends", "asFound": counts or hold}: states in which a record counts; states that end it;
//                      whether one found in the old files counts as any other, or comes to a hold, for the candidate as
//                      against him, until somebody here has confirmed it
//   coverage           {"categories"}: what the check reads, so that not to see it is a hold
//   rank.order         {"ranks"}, highest first
//   rank.range         {"highest": {post level: rank}, "lowest": {post level: rank}}
//   rank.years         {"years": {rank: years}}: the term before the next rank
//   rank.selection     {"from": [rank]}: whose next rank is given by selection
//   rank.training      {"courses": {rank: [course]}}: asked before the next rank
//   rank.demotion      {"measures"}: that start the term anew
//   training           {"courses": {move: [course]}}
//   accountability     {"results"}: code of a mode to verdict where no measure that it names is on file
//   person             {"categories"}: whom the check applies to
//   event.<kind>       {"eventKind", "basis": before or after, "days", "unit": day or workingDay, "occasions": {…}}
//   drinking.factors   {"habit", "licence", "engagements", "none"}: codes that count
//   drinking.incident  {"months"}
//   lead               {"flag", "open", "decided", "outcome", "established"}: the field that marks a specific
//                      lead, states in which it is open and decided, the field of the outcome, outcomes by
//                      which it is established
//   protection         {"kind", "states", "from", "until", "mark"}: the kind that registers it, states in which it is
//                      in force, its date fields, and the field of a complaint that says so
//   calendar           {"holidays": [from, or from/to], "workdays": [date]}: one year's exceptions to Monday to Friday

enum RuleShape {
    enum Track: String, CaseIterable { case party, administrative, admonition, organisational, process, rank }
    enum Period: String, CaseIterable { case fixed, afterRights, decided, whileLasting, permanent, none }
    enum Basis: String, CaseIterable { case before, after }
    enum Unit: String, CaseIterable { case day, workingDay }
    enum AsFound: String, CaseIterable { case counts, hold }
    enum Combination: String, CaseIterable { case remainderPlusNew, longest }

    static func check(_ id: String, _ value: SchemaReader) throws(SchemaError) {
        let parts = id.split(separator: ".", maxSplits: 1).map(String.init)
        switch parts.first {
        case "impact": try checkImpact(parts.last ?? "", value)
        case "rank": try checkRank(id, value)
        case "facts":
            guard CandidateKind(rawValue: parts.last ?? "") != nil else {
                throw value.failure("the check reads no such kind")
            }
            _ = try value.members(["states", "ends", "asFound"])
            for member in ["states", "ends"] { _ = try value.required(member).texts() }
            _ = try value.required("asFound").oneOf(AsFound.self)
        case "event":
            _ = try value.members(["eventKind", "basis", "days", "unit", "occasions"])
            guard try value.required("eventKind").text() == parts.last else {
                throw try value.required("eventKind").failure("the rule's name says another kind")
            }
            try checkLimit(value)
            for (_, occasion) in try value.optional("occasions")?.entries() ?? [] {
                _ = try occasion.members(["basis", "days", "unit"])
                try checkLimit(occasion)
            }
        default: try checkSingle(id, value)
        }
    }

    private static func checkImpact(_ measure: String, _ value: SchemaReader) throws(SchemaError) {
        _ = try value.members(["measure", "track", "period", "bars", "minimumMonths", "maximumMonths", "ended"])
        guard try value.required("measure").text() == measure else {
            throw try value.required("measure").failure("the rule's name says another measure")
        }
        _ = try value.required("track").oneOf(Track.self)
        let period = try value.required("period").oneOf(Period.self)
        for (move, months) in try value.required("bars").entries() {
            guard PromotionMove(rawValue: move) != nil else { throw months.failure("there is no such move") }
            try checkCount(months)
            if [.fixed, .afterRights].contains(period), try months.integer() == 0 {
                throw months.failure("a period of no months bars nothing")
            }
        }
        for member in ["minimumMonths", "maximumMonths"] {
            if let months = value.optional(member) { try checkCount(months) }
        }
        try value.optional("ended").map(checkVerdict)
    }

    private static func checkLimit(_ value: SchemaReader) throws(SchemaError) {
        _ = try value.required("basis").oneOf(Basis.self)
        try checkCount(try value.required("days"))
        _ = try value.optional("unit")?.oneOf(Unit.self)
    }

    private static func checkSingle(_ id: String, _ value: SchemaReader) throws(SchemaError) {
        switch id {
        case "must.validity":
            _ = try value.members(["days"])
            try checkCount(try value.required("days"))
        case "drinking.incident":
            _ = try value.members(["months"])
            try checkCount(try value.required("months"))
        case "must.1", "must.2", "must.3", "must.4", "appraisal", "accountability":
            _ = try value.members(["results", "decisions", "lossMonths"])
            for (_, verdict) in try value.required("results").entries() { try checkVerdict(verdict) }
            for (_, verdict) in try value.optional("decisions")?.entries() ?? [] { try checkVerdict(verdict) }
            for (_, months) in try value.optional("lossMonths")?.entries() ?? [] { try checkCount(months) }
        case "lead":
            _ = try value.members([
                "flag", "open", "elsewhere", "decided", "outcome", "established", "pending",
            ])
            for name in ["open", "elsewhere", "decided", "established", "pending"] {
                _ = try value.required(name).texts()
            }
            for name in ["flag", "outcome"] { _ = try value.required(name).text() }
        case "protection":
            _ = try value.members(["kind", "states", "from", "until", "mark"])
            _ = try value.required("states").texts()
            for name in ["kind", "from", "until", "mark"] { _ = try value.required(name).text() }
        case "must.stale":
            _ = try value.members(["sections"])
            for (section, kinds) in try value.required("sections").entries() {
                guard ["must1", "must2", "must3", "must4"].contains(section) else {
                    throw kinds.failure("there is no such must")
                }
                for kind in try kinds.elements() { _ = try kind.oneOf(CandidateKind.self) }
            }
        case "person": try checkLists(value, ["categories"])
        case "coverage":
            _ = try value.members(["categories"])
            for category in try value.required("categories").elements() { _ = try category.oneOf(Category.self) }
        case "furtherUse.anyPeriod":
            _ = try value.members(["tracks"])
            for track in try value.required("tracks").elements() { _ = try track.oneOf(Track.self) }
        case "drinking.factors": try checkLists(value, ["habit", "licence", "engagements", "none"])
        case "training":
            _ = try value.members(["courses"])
            for (move, courses) in try value.required("courses").entries() {
                guard PromotionMove(rawValue: move) != nil else { throw courses.failure("there is no such move") }
                _ = try courses.texts()
            }
        case "period.ended":
            _ = try value.members(["verdict", "affects", "lifted"])
            try checkVerdict(try value.required("verdict"))
            try checkVerdict(try value.required("affects"))
            for (track, verdict) in try value.required("lifted").entries() {
                guard Track(rawValue: track) != nil else { throw verdict.failure("there is no such track") }
                try checkVerdict(verdict)
            }
        case "period.secondParty":
            _ = try value.members(["combine"])
            _ = try value.required("combine").oneOf(Combination.self)
        case "calendar":
            _ = try value.members(["holidays", "workdays"])
            for member in ["holidays", "workdays"] {
                for span in try value.required(member).elements() {
                    guard WorkingCalendar.span(try span.text()) != nil else { throw span.failure("no day or days") }
                }
            }
        default: throw value.failure("there is no rule of the name \(id)")
        }
    }

    private static func checkRank(_ id: String, _ value: SchemaReader) throws(SchemaError) {
        switch id {
        case "rank.order": try checkLists(value, ["ranks"])
        case "rank.selection": try checkLists(value, ["from"])
        case "rank.demotion": try checkLists(value, ["measures"])
        case "rank.range":
            _ = try value.members(["highest", "lowest"])
            for member in ["highest", "lowest"] {
                for (_, rank) in try value.required(member).entries() { _ = try rank.text() }
            }
        case "rank.years":
            _ = try value.members(["years"])
            for (_, years) in try value.required("years").entries() { try checkCount(years) }
        case "rank.training":
            _ = try value.members(["courses"])
            for (_, courses) in try value.required("courses").entries() { _ = try courses.texts() }
        default: throw value.failure("there is no rule of the name \(id)")
        }
    }

    private static func checkLists(_ value: SchemaReader, _ names: Set<String>) throws(SchemaError) {
        _ = try value.members(names)
        for name in names.sorted() { _ = try value.required(name).texts() }
    }

    private static func checkVerdict(_ reader: SchemaReader) throws(SchemaError) {
        let known = [PromotionVerdict.clear, .listed, .hold, .blocked].map(\.rawValue)
        guard known.contains(try reader.text()) else {
            throw reader.failure("a verdict is one of: \(known.joined(separator: ", "))")
        }
    }

    private static func checkCount(_ reader: SchemaReader) throws(SchemaError) {
        guard (0...1200).contains(try reader.integer()) else {
            throw reader.failure("a number from 0 to 1200 is expected")
        }
    }
}
