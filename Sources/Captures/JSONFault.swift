/// Where a text stops being JSON, as `line 3, column 14, at "NaN, 1]"`; Foundation does not say.
///
/// Finds the place and nothing else: it is asked after the text has been refused. Nil where the
/// fault is of another kind, such as letters that are no UTF-8.
func jsonFault(in bytes: [UInt8]) -> String? {
  var scanner = Scanner(bytes: bytes)
  if scanner.value(depth: 0), scanner.isAtEnd() { return nil }
  let before = bytes[..<scanner.i]
  let line = before.count { $0 == UInt8(ascii: "\n") } + 1
  let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
  let rest = bytes[scanner.i...].prefix { $0 >= 0x20 }.prefix(12)
  let excerpt = rest.isEmpty ? "its end" : "\"\(String(decoding: rest, as: UTF8.self))\""
  return "line \(line), column \(column), at \(excerpt)"
}

/// Walks over JSON; what returns false leaves `i` at the fault.
private struct Scanner {
  let bytes: [UInt8]
  var i = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func value(depth: Int) -> Bool {
    skipSpace()
    guard depth < 512, i < bytes.count else { return false }
    switch bytes[i] {
    case UInt8(ascii: "["): return list(until: "]") { $0.value(depth: depth + 1) }
    case UInt8(ascii: "{"):
      return list(until: "}") { $0.string() && $0.take(":") && $0.value(depth: depth + 1) }
    case UInt8(ascii: "\""): return string()
    default: return word()
    }
  }

  mutating func isAtEnd() -> Bool {
    skipSpace()
    return i == bytes.count
  }

  private mutating func list(
    until end: Unicode.Scalar, _ item: (inout Scanner) -> Bool
  ) -> Bool {
    i += 1
    if take(end) { return true }
    repeat { guard item(&self) else { return false } } while take(",")
    return take(end)
  }

  private mutating func string() -> Bool {
    guard take("\"") else { return false }
    while i < bytes.count, bytes[i] >= 0x20 {
      switch bytes[i] {
      case UInt8(ascii: "\""):
        i += 1
        return true
      case UInt8(ascii: "\\"): i = min(i + 2, bytes.count)
      default: i += 1
      }
    }
    return false
  }

  /// A number, `true`, `false` or `null`; not the `NaN` and `Infinity` that Python writes.
  private mutating func word() -> Bool {
    let marks = Array("+-.".utf8)
    let rest = bytes[i...].prefix {
      marks.contains($0) || Character(UnicodeScalar($0)).isLetter
        || Character(UnicodeScalar($0)).isWholeNumber
    }
    let text = String(decoding: rest, as: UTF8.self)
    let isNumber = Double(text)?.isFinite == true && rest.last != UInt8(ascii: ".")
    guard isNumber || ["true", "false", "null"].contains(text) else { return false }
    i += rest.count
    return true
  }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard i < bytes.count, bytes[i] == UInt8(ascii: mark) else { return false }
    i += 1
    return true
  }

  private mutating func skipSpace() {
    while i < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[i]) { i += 1 }
  }
}
