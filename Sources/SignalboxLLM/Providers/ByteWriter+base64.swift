internal import Wire

extension ByteWriter {
  /// Writes bytes in base64 (RFC 4648 §4), with padding.
  mutating func append(base64 bytes: [UInt8]) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    appendUninitialized((bytes.count + 2) / 3 * 4) { out in
      var written = 0
      var at = 0
      while at < bytes.count {
        let rest = bytes.count - at
        let group =
          UInt32(bytes[at]) << 16 | (rest > 1 ? UInt32(bytes[at + 1]) << 8 : 0)
          | (rest > 2 ? UInt32(bytes[at + 2]) : 0)
        out[written] = alphabet[Int(group >> 18)]
        out[written + 1] = alphabet[Int(group >> 12 & 63)]
        out[written + 2] = rest > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "=")
        out[written + 3] = rest > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "=")
        written += 4
        at += 3
      }
      return written
    }
  }

  /// Writes a text as one segment of a URL's path: all but unreserved characters percent-encoded (RFC 3986 §2.3).
  mutating func append(pathSegment text: String) {
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        append(byte)
      default:
        append(UInt8(ascii: "%"))
        for digit in [byte >> 4, byte & 15] { append(digit < 10 ? digit + 48 : digit + 55) }
      }
    }
  }
}

/// A text as one segment of a URL's path.
func pathSegment(_ text: String) -> String {
  var writer = ByteWriter(capacity: text.utf8.count)
  writer.append(pathSegment: text)
  return writer.string
}
