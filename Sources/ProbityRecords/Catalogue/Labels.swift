/// A language Probity speaks.
public enum Language: String, Sendable, CaseIterable {
    case zh, en
}

/// What something is called, in both languages.
public struct Labels: Sendable, Hashable {
    public let zh: String
    public let en: String

    public init(zh: String, en: String) {
        self.zh = zh
        self.en = en
    }

    public subscript(language: Language) -> String {
        switch language {
        case .zh: zh
        case .en: en
        }
    }
}
