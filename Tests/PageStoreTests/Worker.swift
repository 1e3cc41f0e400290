import Foundation

/// The process that the tests kill.
enum Worker {
    /// Beside the bundle of the tests.
    static let path: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent().appending(path: "pagestore-worker").path
    }()
}
