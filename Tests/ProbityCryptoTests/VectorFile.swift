import Foundation
import ProbityTestSupport

/// A vector file as dictionaries; the four sources share no schema.
struct VectorFile {
    let root: [String: Any]
    let list: [[String: Any]]

    init(_ name: String) throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/\(name).json")
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        root = json as? [String: Any] ?? [:]
        list = json as? [[String: Any]] ?? root["vectors"] as? [[String: Any]] ?? []
    }

    /// Wycheproof: every test with its group.
    var wycheproof: [(group: [String: Any], test: [String: Any])] {
        (root["testGroups"] as? [[String: Any]] ?? []).flatMap { group in
            (group["tests"] as? [[String: Any]] ?? []).map { (group, $0) }
        }
    }
}

extension [String: Any] {
    func bytes(_ key: String) -> [UInt8] { ProbityTestSupport.hex(self[key] as? String ?? "") }
    func text(_ key: String) -> String { self[key] as? String ?? "" }
    func number(_ key: String) -> Int { self[key] as? Int ?? (self[key] as? String).flatMap { Int($0) } ?? -1 }
}
