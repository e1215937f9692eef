internal import Wire

extension JSONValue {
  /// The value in at most `bytes` of JSON text, and how long it was when it had to be cut; nil when it fits.
  ///
  /// An object stays an object, an array an array: long strings lose their end, which `…` says, and members and
  /// elements that no longer fit are left out. What does not fit at all is null, which always is.
  package func shortened(to bytes: Int) -> (value: JSONValue, original: Int?) {
    // The estimate leaves out escapes and long numbers only.
    if estimatedSize <= bytes / 6 { return (self, nil) }
    let size = jsonSize
    guard size > bytes else { return (self, nil) }
    var room = bytes
    return (cut(to: &room) ?? .null, size)
  }

  /// Bytes of its JSON text.
  private var jsonSize: Int {
    var writer = ByteWriter(capacity: estimatedSize)
    writer.append(json: self)
    return writer.count
  }

  /// As much as there is room for; nil when that is nothing.
  private func cut(to room: inout Int) -> JSONValue? {
    switch self {
    case .string(let text):
      guard let kept = text.shortened(jsonBytes: room - 2) else { return nil }
      room -= kept.jsonBytes + 2
      return .string(kept)
    case .array(let elements):
      guard room >= 2 else { return nil }
      room -= 2
      var kept: [JSONValue] = []
      for element in elements {
        // The comma.
        var rest = room - (kept.isEmpty ? 0 : 1)
        guard let part = element.cut(to: &rest) else { break }
        kept.append(part)
        room = rest
      }
      return .array(kept)
    case .object(let object):
      guard room >= 2 else { return nil }
      room -= 2
      var kept = JSONObject()
      for (name, member) in object.members {
        // The name with its quotes, the colon, and the comma.
        var rest = room - name.jsonBytes - 3 - (kept.members.isEmpty ? 0 : 1)
        guard rest > 0, let part = member.cut(to: &rest) else { continue }
        kept.members.append((name, part))
        room = rest
      }
      return .object(kept)
    default:
      let size = jsonSize
      guard size <= room else { return nil }
      room -= size
      return self
    }
  }
}

extension String {
  /// Its beginning in at most `bytes` of UTF-8, cut between characters (Unicode scalars), with `…` at the end where it
  /// was cut; and how long it was in that case.
  package func shortened(to bytes: Int) -> (text: String, original: Int?) {
    let size = utf8.count
    guard size > bytes else { return (self, nil) }
    let mark = "…"
    guard bytes >= mark.utf8.count else { return ("", size) }
    var end = utf8.index(startIndex, offsetBy: bytes - mark.utf8.count)
    // Back to where a character begins: its first byte is no continuation byte.
    while end > startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
    return (self[..<end] + mark, size)
  }

  /// The same by what it takes inside of a JSON string; nil when not even the mark fits.
  fileprivate func shortened(jsonBytes limit: Int) -> String? {
    let mark = 3
    var size = 0
    /// The last place at which the mark still fits.
    var end = startIndex
    for index in unicodeScalars.indices {
      size += Self.jsonBytes(unicodeScalars[index])
      if size > limit { return limit < mark ? nil : self[..<end] + "…" }
      if size + mark <= limit { end = unicodeScalars.index(after: index) }
    }
    return size <= limit ? self : nil
  }

  /// Bytes inside of a JSON string.
  fileprivate var jsonBytes: Int { unicodeScalars.reduce(0) { $0 + Self.jsonBytes($1) } }

  private static func jsonBytes(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x22, 0x5C: 2
    case ..<0x20: 6
    default: UTF8.width(scalar)
    }
  }
}
