package import Wire

/// Takes keys out of texts that providers wrote: an error message may repeat the key that it refuses.
package enum KeyScrubber {
  /// How the keys of well-known providers begin; each is followed by at least six letters, digits, `_`, `-` or
  /// `*` (providers mask their middle). `Bearer ` covers the rest.
  private static let prefixes: [StaticString] = [
    "sk-", "sk_", "pk-", "rk-", "sess-", "gsk_", "xai-", "hf_", "AIza", "r8_", "nvapi-", "pplx-", "fw_",
    "Bearer ", "bearer ",
  ]

  /// Writes the text with every key cut to its prefix and `…`. Escapes of JSON are left as they are.
  package static func append(_ text: UnsafeRawBufferPointer, to writer: inout ByteWriter) {
    var at = 0
    var clean = 0
    while at < text.count {
      guard isBoundary(text, at), let prefix = prefix(of: text, at: at) else {
        at += 1
        continue
      }
      let start = at + prefix
      var end = start
      while end < text.count, isKeyByte(text[end]) { end += 1 }
      guard end - start >= 6 else {
        at = start
        continue
      }
      writer.append(UnsafeRawBufferPointer(rebasing: text[clean..<start]))
      writer.append("…")
      at = end
      clean = end
    }
    writer.append(UnsafeRawBufferPointer(rebasing: text[clean...]))
  }

  /// Cuts every one of these keys out of the inside of a JSON string, also where the string's end has cut the key.
  package static func remove(_ keys: [[UInt8]], from text: inout [UInt8]) {
    for key in keys where key.count >= keyLength {
      var clean: [UInt8] = []
      var at = 0
      while at < text.count {
        let rest = text[at...]
        if rest.starts(with: key)
          || rest.count < key.count && rest.count >= keyLength && key.starts(with: rest)
        {
          clean += "…".utf8
          at += min(key.count, rest.count)
        } else {
          clean.append(text[at])
          at += 1
        }
      }
      text = clean
    }
  }

  /// Bytes of the shortest text that is taken for a key.
  private static let keyLength = 8

  private static func prefix(of text: UnsafeRawBufferPointer, at: Int) -> Int? {
    for prefix in prefixes {
      let count = prefix.utf8CodeUnitCount
      guard at + count <= text.count else { continue }
      if UnsafeRawBufferPointer(rebasing: text[at..<at + count]).elementsEqual(prefix) { return count }
    }
    return nil
  }

  /// Whether a word may begin here: not behind a letter or a digit, unless that is part of an escape (`\\n`).
  private static func isBoundary(_ text: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    guard at > 0, isAlphanumeric(text[at - 1]) else { return true }
    return at > 1 && text[at - 2] == UInt8(ascii: "\\")
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    48...57 ~= byte || 65...90 ~= byte || 97...122 ~= byte
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    if isAlphanumeric(byte) { return true }
    switch byte {
    case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "."): return true
    default: return false
    }
  }
}
