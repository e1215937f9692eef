/// A place in the log: the epoch of the opening that wrote it, and its offset in the one order of all events.
///
/// As text `epoch-offset`: 12 hexadecimal digits, a hyphen, a decimal number, for example `3f9c02a711de-1024`.
package struct Position: Hashable, Sendable {
  /// 48 random bits, minted each time the log is opened.
  package var epoch: UInt64
  /// 1 for the first event ever stored; contiguous. 0 stands before all events.
  package var offset: UInt64

  package init(epoch: UInt64, offset: UInt64) {
    self.epoch = epoch
    self.offset = offset
  }

  /// Reads the text form; nil when it is not one.
  package init?(_ text: UnsafeRawBufferPointer) {
    guard text.count > 13, text.count <= 13 + 19, text[12] == UInt8(ascii: "-") else { return nil }
    epoch = 0
    offset = 0
    for byte in text[..<12] {
      switch byte {
      case 48...57: epoch = epoch << 4 | UInt64(byte - 48)
      case 97...102: epoch = epoch << 4 | UInt64(byte - 87)
      default: return nil
      }
    }
    for byte in text[13...] {
      guard byte &- 48 < 10 else { return nil }
      offset = offset * 10 + UInt64(byte - 48)
    }
  }

  package init?(_ text: String) {
    var text = text
    guard let position = text.withUTF8({ Position(UnsafeRawBufferPointer($0)) }) else { return nil }
    self = position
  }
}

extension Position: CustomStringConvertible {
  package var description: String {
    var writer = ByteWriter(capacity: 40)
    writer.append(self)
    return writer.string
  }
}

extension ByteWriter {
  package mutating func append(_ position: Position) {
    append(hex: position.epoch, digits: 12)
    append(UInt8(ascii: "-"))
    append(decimal: position.offset)
  }
}
