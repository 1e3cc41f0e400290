/// A dictionary that forgets its older half when it is full, so that a long import keeps its memory.
struct BoundedCache<Key: Hashable, Value> {
    private let capacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(capacity: Int) { self.capacity = capacity }

    subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old[key] else { return nil }
            self[key] = value
            return value
        }
        set {
            if young.count >= capacity / 2 {
                old = young
                young = [:]
            }
            young[key] = newValue
            if newValue == nil { old[key] = nil }
        }
    }

    mutating func removeAll() {
        young = [:]
        old = [:]
    }
}
