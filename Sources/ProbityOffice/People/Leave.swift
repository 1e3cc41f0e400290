import CanonicalJSON
import ProbityRecords
import ProbityStore

extension Desk {
    /// The question to be answered with yes before a user is taken leave of.
    public func leaveQuestion(_ leaver: String) -> String { words.text("cli.leaveQuestion", ["user": leaver]) }

    /// Ends the certificate of a user who leaves (离任停用), and says what he could open and what to do now.
    ///
    /// - Parameter acceptsVacancy: even if nobody else opens what he opens, or serves in his role.
    public func leave(_ leaver: String, reason: String, acceptsVacancy: Bool) throws -> Answer {
        let leaving = try session.leave(leaver, reason: reason, acceptsVacancy: acceptsVacancy)
        let role = words.role(leaving.certificate.role)
        var notes: [Answer.Note] = []
        if !leaving.vacant.isEmpty {
            notes.append(.warning(words.text("cli.leftVacant", ["places": list(leaving.vacant)])))
        }
        if leaving.roleIsVacant { notes.append(.warning(words.text("cli.leftRoleVacant", ["role": role]))) }
        return Answer(
            [
                words.text("cli.left", ["user": leaver, "role": role]), words.text("cli.leftNext", ["user": leaver]),
                words.text("cli.leftHeld", ["places": list(leaving.held)]),
            ],
            JSONAnswer(
                "leave",
                [
                    "user": .string(leaver), "role": .string(leaving.certificate.role.rawValue),
                    "unit": .string(leaving.certificate.unit), "held": Desk.json(leaving.held),
                    "vacant": Desk.json(leaving.vacant), "roleVacant": .bool(leaving.roleIsVacant),
                    "next": .string("probity key rotate --pages"),
                ]), notes: notes)
    }

    private func list(_ places: [GrantPlace]) -> String {
        places.isEmpty
            ? "–"
            : words.list(places.map { "\(words.category($0.category)) \($0.unit)" })
    }

    private static func json(_ places: [GrantPlace]) -> JSONValue {
        .array(places.map { .object(["category": .string($0.category.rawValue), "unit": .string($0.unit)]) })
    }
}
