/// A text that somebody types beside the fields of a form and others are shown: a reason, a look-up.
public enum LineText {
    /// In characters, as that of a text field.
    public static let maximumLength = 500

    /// Whether a text is a line that shows as it is.
    public static func isPlain(_ text: String) -> Bool { !hasControl(text, allowsLines: false) }

    /// Whether a text says nothing: nothing of it is a letter, a digit or a mark that is seen.
    public static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            $0.properties.isWhitespace || $0.properties.isDefaultIgnorableCodePoint
                || $0.properties.generalCategory == .control
        }
    }

    /// Whether a text has a control character (Unicode's category Cc: U+0000 to U+001F, U+007F to U+009F) or turns the order
    /// of what is shown (U+202A to U+202E, U+2066 to U+2069), told from its UTF-8.
    static func hasControl(_ text: String, allowsLines: Bool) -> Bool {
        let bytes = text.utf8Span.span
        var index = 0
        while index < bytes.count {
            defer { index += 1 }
            switch bytes[index] {
            case 0x20..<0x7F: continue
            // Nearly all of most texts: U+3000 to U+FFFF, of three bytes.
            case 0xE3...0xEF: index += 2
            case 0x09, 0x0A: if !allowsLines { return true }
            case 0..<0x20, 0x7F: return true
            // A first byte, and those that follow it: valid UTF-8 has them.
            case 0xC2: if bytes[index + 1] < 0xA0 { return true }
            case 0xE2:
                let (second, third) = (bytes[index + 1], bytes[index + 2])
                if second == 0x80, (0xAA...0xAE).contains(third) { return true }
                if second == 0x81, (0xA6...0xA9).contains(third) { return true }
            default: continue
            }
        }
        return false
    }
}
