/// How texts from spreadsheets and keyboards are compared and read.
enum Spelling {
    /// `text` without surrounding space, the ideographic space (U+3000) and a byte-order mark included.
    static func trimmed(_ text: String) -> String {
        // Most cells of an import need nothing done to them; imports have 50,000 rows.
        if isPlain(text) { return text }
        let scalars = text.unicodeScalars
        func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace || scalar == "\u{FEFF}" || scalar == "\u{200B}"
        }
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    /// `text` trimmed, with full-width ASCII (U+FF01–U+FF5E), as Chinese input methods type it, made half-width.
    static func halfWidth(_ text: String) -> String {
        if isPlain(text) { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in trimmed(text).unicodeScalars {
            if (0xFF01...0xFF5E).contains(scalar.value), let narrow = Unicode.Scalar(scalar.value - 0xFEE0) {
                scalars.append(narrow)
            } else {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// Whether `text` is printable ASCII that neither begins nor ends with a space.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && text.utf8.first != 0x20 && text.utf8.last != 0x20
    }

    /// The form in which headers, labels and codes are compared: half-width, lower case, without inner space.
    static func folded(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in halfWidth(text).lowercased().unicodeScalars where !scalar.properties.isWhitespace {
            scalars.append(scalar)
        }
        return String(scalars)
    }
}
