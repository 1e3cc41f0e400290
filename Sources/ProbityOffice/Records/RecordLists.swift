import CanonicalJSON
import ProbityRecords
import ProbityStore

extension ListForm where Entry == RecordEntry {
    /// The records of one officer.
    static var records: ListForm {
        ListForm(
            schema: "record",
            columns: [
                Column("date") { entry, _ in entry.content.occurredOn.description },
                Column("kind") { entry, words in words.kind(entry.content.kind) },
                Column("state") { entry, words in words.state(of: entry) },
                Column("summary") { entry, words in words.summary(entry) },
                Column("record") { entry, _ in entry.id.text },
            ], members: { $1.members($0) })
    }
}

/// A record that a search found, and whose it is.
struct FoundRecord {
    let officer: OfficerEntry
    let record: RecordEntry
}

extension ListForm where Entry == FoundRecord {
    /// The records of several officers.
    static var found: ListForm {
        let records = ListForm<RecordEntry>.records
        return ListForm(
            schema: "record",
            columns: [
                Column("number") { entry, _ in entry.officer.policeNo },
                Column("name") { entry, _ in entry.officer.name },
            ]
                + records.columns.map { column in
                    Column(column.key, title: column.title) { column.cell($0.record, $1) }
                },
            members: { entry, words in
                var members = words.members(entry.record)
                members["policeNo"] = .string(entry.officer.policeNo)
                members["name"] = .string(entry.officer.name)
                return members
            })
    }
}

extension ListForm where Entry == OfficerEntry {
    /// The roster (名册).
    static var roster: ListForm {
        ListForm(
            schema: "officer",
            columns: [
                Column("number") { entry, _ in entry.policeNo }, Column("name") { $1.name($0) },
                Column("unit") { entry, _ in entry.unit },
                Column("post") { entry, _ in entry.values["post"]?.string ?? "" },
            ], members: { $1.members($0) })
    }
}

extension ListForm where Entry == TrayEntry {
    /// What waits in the tray (待接收).
    static var tray: ListForm {
        ListForm(
            schema: "tray",
            columns: [
                Column("tray") { entry, _ in entry.id.text }, Column("date") { entry, _ in entry.filedOn.description },
                Column("user") { entry, _ in entry.filedBy },
                Column("number") { entry, _ in CitizenID.masked(in: entry.officer) },
                Column("summary") { entry, words in
                    let field = words.catalogue.kind("complaint")?.field("content")
                    return entry.values["content"].map { words.value($0, field) } ?? ""
                },
            ],
            members: { entry, words in
                [
                    "id": .string(entry.id.text), "filedBy": .string(entry.filedBy),
                    "filedOn": .string(entry.filedOn.description),
                    "officer": .string(CitizenID.masked(in: entry.officer)),
                    "values": .object(words.catalogue.shown(entry.values, of: "complaint")),
                ]
            })
    }
}
