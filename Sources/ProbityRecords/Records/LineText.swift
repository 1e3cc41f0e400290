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
        var (first, second): (UInt8, UInt8) = (0, 0)
        for byte in text.utf8 {
            if byte < 0x20 ? !(allowsLines && (byte == 0x0A || byte == 0x09)) : byte == 0x7F { return true }
            if second == 0xC2, byte < 0xA0 { return true }
            if first == 0xE2, second == 0x80, (0xAA...0xAE).contains(byte) { return true }
            if first == 0xE2, second == 0x81, (0xA6...0xA9).contains(byte) { return true }
            (first, second) = (second, byte)
        }
        return false
    }
}
