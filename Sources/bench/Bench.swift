import ArgumentParser
import Foundation
import Glibc

/// Rates, each beside plain SQLite in the same run. Figures are CPU time of the process: machines are shared and noisy.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "The product and its page store beside plain SQLite, in one run.",
        subcommands: [ArchiveBench.self, WorkloadBench.self, FileWorker.self, FirstRow.self],
        defaultSubcommand: ArchiveBench.self)
}

extension Bench {
    static func remove(_ folder: String) {
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("left behind: \(folder)") }
    }

    struct Measured {
        let cpu: Double
        let wall: Double
    }

    /// With two digits behind the point.
    static func text(_ number: Double) -> String {
        let hundredths = Int((abs(number) * 100).rounded())
        let fraction = String(100 + hundredths % 100).dropFirst()
        return "\(number < 0 && hundredths > 0 ? "-" : "")\(hundredths / 100).\(fraction)"
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// Starts this program once more.
    static func start(_ arguments: [String], output: Pipe? = nil) throws -> Process {
        let process = Process()
        if let output { process.standardOutput = output }
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        try process.run()
        return process
    }

    /// D4: four processes file a hundred records each, and say how long each took.
    static func fileTogether(_ store: Store) throws -> [Double] {
        let pipes = (0..<4).map { _ in Pipe() }
        let workers = try pipes.enumerated().map { try start(store.workerArguments($0), output: $1) }
        let texts = try pipes.map { String(decoding: try $0.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self) }
        for worker in workers { try wait(for: worker) }
        return texts.flatMap { $0.split(separator: "\n").compactMap { Double($0) } }
    }

    static func wait(for process: Process) throws {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ValidationError("a process of the bench failed") }
    }

    static func measure(_ body: () throws -> Void) throws -> Measured {
        let wall = ContinuousClock.now
        let cpu = cpuSeconds()
        try body()
        return Measured(cpu: cpuSeconds() - cpu, wall: seconds(ContinuousClock.now - wall))
    }

    /// Of this process and of those that it has waited for.
    private static func cpuSeconds() -> Double {
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue].map { usage($0) }.reduce(0) {
            $0 + seconds($1.ru_utime) + seconds($1.ru_stime)
        }
    }

    private static func usage(_ who: Int32) -> rusage {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(who), &usage)
        return usage
    }

    static func peakMemoryMiB() -> Int { usage(RUSAGE_SELF.rawValue).ru_maxrss / 1024 }

    static func sizeMiB(_ path: String) -> Int {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return ((attributes[.size] as? Int) ?? 0) >> 20
        } catch {
            return 0
        }
    }
}
