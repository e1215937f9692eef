/// Writes valid JSON text again without what is to be redacted in its strings, long numbers and names of members, and
/// without the values of the fields that were named.
///
/// Secrets that JSON escapes hide are found, for strings are read before they are looked at.
package struct JSONRedactor: ~Copyable {
  private let set: RedactionSet
  private let fields: [FieldPath]
  /// The names that lead to the value at hand, kept only where fields were named.
  private var path: [[UInt8]] = []
  /// A string as it is meant, and as it is without what was found.
  private var plain = ByteWriter(capacity: 1024)
  private var clean = ByteWriter(capacity: 1024)
  package var counts = RedactionCounts()
  /// Numbers with fewer digits are left alone: no card has them.
  private static let digitsOfNumber = 13

  package init(_ set: RedactionSet, fields: [FieldPath] = []) {
    self.set = set
    self.fields = fields
  }

  /// Whether the member with these names is to be redacted whole.
  package func isField(_ names: [[UInt8]]) -> Bool { fields.contains { $0.matches(names) } }

  /// Writes a value; `names` lead to it from the event down.
  ///
  /// - Parameters:
  ///   - json: one value, without anything around it.
  ///   - replacing: asked for each member of the value itself, if it is an object; what it writes instead of the
  ///     member's value counts when it answers true.
  package mutating func append(
    _ json: UnsafeRawBufferPointer, names: [[UInt8]], to out: inout ByteWriter,
    replacing: ((UnsafeRawBufferPointer, UnsafeRawBufferPointer, inout ByteWriter) -> Bool)? = nil
  ) {
    if !names.isEmpty, isField(names) {
      counts.add(.field)
      return Self.appendReplacement(to: &out)
    }
    path = names
    // For each open bracket: whether it is an object's, and how many names the path had before it.
    var open: [(isObject: Bool, depth: Int)] = []
    var at = 0
    while at < json.count {
      let byte = json[at]
      switch byte {
      case UInt8(ascii: "\""):
        let end = Self.stringEnd(json, at)
        let text = UnsafeRawBufferPointer(rebasing: json[at + 1..<max(end - 1, at + 1)])
        let colon = Self.colon(json, end)
        guard let colon, open.last?.isObject == true else {
          append(string: text, to: &out)
          at = end
          continue
        }
        // A member: its name, then perhaps its value in one go.
        append(string: text, to: &out)
        out.append(UInt8(ascii: ":"))
        at = Self.skipSpace(json, colon + 1)
        // A value's end is looked for where it matters only: each level would read all below it again.
        if open.count == 1, let replacing {
          let end = Self.valueEnd(json, at)
          if replacing(text, UnsafeRawBufferPointer(rebasing: json[at..<end]), &out) {
            at = end
            continue
          }
        }
        guard !fields.isEmpty, let depth = open.last?.depth else { continue }
        if path.count > depth { path.removeLast(path.count - depth) }
        plain.truncate(to: 0)
        plain.append(unescapingJSON: text)
        path.append(Array(plain.raw))
        guard isField(path) else { continue }
        counts.add(.field)
        Self.appendReplacement(to: &out)
        at = Self.valueEnd(json, at)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open.append((byte == UInt8(ascii: "{"), path.count))
        out.append(byte)
        at += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if let last = open.popLast(), path.count > last.depth { path.removeLast(path.count - last.depth) }
        out.append(byte)
        at += 1
      case 48...57, UInt8(ascii: "-"):
        let end = Self.valueEnd(json, at)
        append(number: UnsafeRawBufferPointer(rebasing: json[at..<end]), to: &out)
        at = end
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      default:
        out.append(byte)
        at += 1
      }
    }
  }

  /// Writes a string, given as it stands between its quotes.
  package mutating func append(string text: UnsafeRawBufferPointer, to out: inout ByteWriter) {
    plain.truncate(to: 0)
    clean.truncate(to: 0)
    let before = counts
    if text.contains(UInt8(ascii: "\\")) {
      plain.append(unescapingJSON: text)
      set.redact(plain.raw, into: &clean, counts: &counts)
    } else {
      set.redact(text, into: &clean, counts: &counts)
    }
    guard counts != before else {
      out.append(UInt8(ascii: "\""))
      out.append(text)
      return out.append(UInt8(ascii: "\""))
    }
    out.append(jsonString: clean.raw)
  }

  private mutating func append(number text: UnsafeRawBufferPointer, to out: inout ByteWriter) {
    guard text.count >= Self.digitsOfNumber else { return out.append(text) }
    clean.truncate(to: 0)
    let before = counts
    set.redact(text, into: &clean, counts: &counts)
    if counts != before { Self.appendReplacement(to: &out) } else { out.append(text) }
  }

  private static func appendReplacement(to out: inout ByteWriter) {
    out.append("\"")
    out.append(RedactionSet.replacement)
    out.append("\"")
  }

  // MARK: Places

  /// Behind the closing quote of the string that begins at `at`.
  private static func stringEnd(_ json: UnsafeRawBufferPointer, _ at: Int) -> Int {
    EventScanner.stringEnd(json, from: at + 1).map { min($0 + 1, json.count) } ?? json.count
  }

  private static func skipSpace(_ json: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var at = start
    while at < json.count, json[at] <= 0x20 { at += 1 }
    return at
  }

  private static func colon(_ json: UnsafeRawBufferPointer, _ start: Int) -> Int? {
    let at = skipSpace(json, start)
    return at < json.count && json[at] == UInt8(ascii: ":") ? at : nil
  }

  /// Behind the value that begins at `start`.
  private static func valueEnd(_ json: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var at = start
    var depth = 0
    repeat {
      guard at < json.count else { return json.count }
      switch json[at] {
      case UInt8(ascii: "\""): at = stringEnd(json, at)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        at += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return at }
        depth -= 1
        at += 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        if depth == 0 { return at }
        at += 1
      case 0x20, 0x0A, 0x0D, 0x09:
        if depth == 0 { return at }
        at += 1
      default:
        at += 1
        while depth == 0, at < json.count {
          let byte = json[at]
          if byte <= 0x20 || byte == 0x2C || byte == 0x7D || byte == 0x5D { return at }
          at += 1
        }
      }
    } while depth > 0
    return at
  }
}
