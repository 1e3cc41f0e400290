import Foundation

/// SplitMix64: small, seeded, and the same everywhere. Put the seed into the message of what fails.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

/// The bytes that a vector file writes in hexadecimal.
public func hex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
        let next = text.index(index, offsetBy: 2)
        bytes.append(UInt8(text[index..<next], radix: 16) ?? 0)
        index = next
    }
    return bytes
}

/// A folder that is removed when its owner goes.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "probity-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // A folder left behind by a failed removal harms nobody.
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// What a program printed and how it ended.
public struct ProgramResult: Sendable {
    public let status: Int32
    public let output: String
    public let errors: String
    public let outputBytes: [UInt8]
}

/// Runs a program to its end. Output goes through files, so that no full pipe can stop it.
///
/// - Parameter environment: added to an environment that holds only PATH, HOME and LANG.
public func run(
    _ program: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
    folder: String? = nil
) throws -> ProgramResult {
    let scratch = try TemporaryFolder()
    let files = ["in", "out", "err"].map { URL(filePath: "\(scratch.path)/\($0)") }
    try Data(input).write(to: files[0])
    for file in files[1...] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(filePath: program.hasPrefix("/") ? program : "/usr/bin/env")
    process.arguments = program.hasPrefix("/") ? arguments : [program] + arguments
    var variables = ["LANG": "C.UTF-8"]
    for name in ["PATH", "HOME"] { variables[name] = ProcessInfo.processInfo.environment[name] }
    process.environment = variables.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    let output = try [UInt8](Data(contentsOf: files[1]))
    return ProgramResult(
        status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
        output: String(decoding: output, as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self), outputBytes: output)
}

/// The independent readers of Tests/Oracles, which Scripts/test sets up.
public enum Oracle {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Runs the reader that stands on PyPI's cryptography, rfc8785 and pymerkle.
    public static func stranger(_ arguments: [String], input: [UInt8] = []) throws -> ProgramResult {
        try run("\(root)/.build/oracles/bin/python", ["\(root)/Tests/Oracles/stranger.py"] + arguments, input: input)
    }

    /// Runs the reader that stands on Go's transparency log.
    public static func tlog(_ arguments: [String]) throws -> ProgramResult {
        try run("\(root)/.build/oracles/tlog", arguments)
    }
}
