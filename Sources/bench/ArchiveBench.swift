import ArgumentParser
import Foundation
import Glibc
import ProbityRecords

/// Builds a synthetic archive through the gate and prints how fast it imports, answers promotion checks and verifies.
struct ArchiveBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Import, promotion check and check of an archive.")

    @Option(help: "officers") var officers = 1_000
    @Option(help: "records of each officer") var recordsPerOfficer = 50
    @Option(help: "a new folder for the archive; left out: a temporary one, removed at the end") var into: String?

    func run() throws {
        let folder = into ?? FileManager.default.temporaryDirectory.appending(path: "probity-bench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if into == nil { Bench.remove(folder) } }
        let rows = ArchiveRows(officers: officers, recordsPerOfficer: recordsPerOfficer)
        print("\(officers) officers × \(recordsPerOfficer) records = \(rows.count) records")

        let plain = try PlainSide(path: folder + "/plain.db")
        let plainImport = try Bench.measure { try plain.load(rows) }
        report("plain SQLite: import", plainImport, rows.count)

        let product = try ProductSide(folder: folder, units: rows.unitCount)
        let officerImport = try Bench.measure { try product.importOfficers(rows) }
        report("probity: import officers", officerImport, officers)
        let recordImport = try Bench.measure { try product.importRecords(rows) }
        report("probity: import records", recordImport, rows.count)
        ratio("import of officers and records to plain", officerImport.cpu + recordImport.cpu, plainImport.cpu)

        let plainCheck = try Bench.measure { try plain.visitAll(rows) }
        report("plain SQLite: read and evaluate every officer", plainCheck, officers)
        let promotion = try Bench.measure { try product.checkPromotions(expected: officers) }
        report("probity: promotion check of every officer", promotion, officers)
        ratio("promotion check to plain reading", promotion.cpu, plainCheck.cpu)

        for (name, days) in [("month", 30), ("year", 364)] {
            let from = CivilDate(daysSinceEpoch: 18_262 + 730)
            let until = CivilDate(daysSinceEpoch: from.daysSinceEpoch + days)
            var counts = (plain: 0, probity: 0)
            let plainCount = try Bench.measure { counts.plain = try plain.count(from, until) }
            let count = try Bench.measure { counts.probity = try product.count(from, until) }
            guard counts.plain == counts.probity else { throw ValidationError("the figures differ: \(counts)") }
            report("probity: figures of a \(name)", count, counts.probity)
            ratio("figures of a \(name) to plain", count.cpu, plainCount.cpu)
        }

        let check = try Bench.measure { try product.check() }
        report("probity: check of all rows against the ledger", check, rows.count)
        try fileBesidePlain(product, folder)
        let plainFile = folder + "/plain.db"
        let copy = try Bench.measure { try plain.copy(to: folder + "/plain-copy.db") }
        let backup = try Bench.measure { try product.backUp(to: folder + "/backup") }
        let (plainSize, size) = (Bench.sizeMiB(plainFile), Bench.sizeMiB(folder + "/archive/archive.db"))
        print(
            "backup: \(Int(Double(size) / backup.cpu)) MiB/s of CPU, plain \(Int(Double(plainSize) / copy.cpu)) MiB/s")
        ratio("CPU a byte of backup create to plain's backup", backup.cpu / Double(size), copy.cpu / Double(plainSize))
        print(
            "peak memory \(Bench.peakMemoryMiB()) MiB; archive \(Bench.sizeMiB(folder + "/archive/archive.db")) MiB, "
                + "plain \(Bench.sizeMiB(folder + "/plain.db")) MiB")
    }

    /// D: filings with their ledger lines, each durable, by one and by four at a time; plain SQLite has four processes,
    /// because it has nothing that four threads could share.
    private func fileBesidePlain(_ product: ProductSide, _ folder: String) throws {
        let peers = try Peers()
        let county = try Workload(officers: 1_000)
        let store = Store(.plain, peers, folder + "/plain-county.db", county)
        try store.load(indexesFirst: false)
        func tell(_ what: String, _ measured: Bench.Measured, _ latencies: [Double]) -> (rate: Double, late: Double) {
            let sorted = latencies.sorted()
            let late = sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
            let rate = Double(sorted.count) / measured.wall
            print(
                "\(what): \(Int(rate))/s, \(Int(measured.cpu / Double(sorted.count) * 1e6)) µs CPU each, "
                    + "p50 \(Bench.text(sorted[sorted.count / 2] * 1000)) ms, p99 \(Bench.text(late * 1000)) ms")
            return (rate, late)
        }
        var latencies: [Double] = []
        var measured = try Bench.measure { latencies = try store.file(300, from: 0) }
        let plainAlone = tell("plain SQLite: one filing at a time", measured, latencies)
        measured = try Bench.measure { latencies = try product.file(threads: 1, each: 300) }
        let alone = tell("probity: one filing at a time", measured, latencies)
        measured = try Bench.measure { latencies = try Bench.fileTogether(store) }
        let plainTogether = tell("plain SQLite: four processes filing", measured, latencies)
        measured = try Bench.measure { latencies = try product.file(threads: 4, each: 100) }
        let together = tell("probity: four threads filing", measured, latencies)
        ratio("filings a second, one at a time, to plain", alone.rate, plainAlone.rate)
        ratio("filings a second, four at a time, to plain", together.rate, plainTogether.rate)
        ratio("filings a second, four at a time, to one at a time", together.rate, alone.rate)
        ratio("p99 of four at a time to plain's", together.late, plainTogether.late)
    }

    private func report(_ what: String, _ measured: Bench.Measured, _ count: Int) {
        let rate = Int(Double(count) / max(measured.cpu, 1e-9))
        print(
            "\(what): \(Bench.text(measured.cpu)) s CPU, \(Bench.text(measured.wall)) s wall, \(rate)/s of CPU, "
                + "peak \(Bench.peakMemoryMiB()) MiB")
    }

    private func ratio(_ what: String, _ one: Double, _ other: Double) {
        print("  ratio \(what): \(Bench.text(one / max(other, 1e-9)))")
    }
}
