extension PartialJSON {
  /// Finds the beginning of the value in what models write before it.
  struct Prelude: Sendable {
    private enum State: Sendable {
      /// Nothing but white space and a byte order mark so far.
      case start
      /// Text that is not the value.
      case prose
      /// After the three backticks of a fence: its language, up to the end of the line.
      case language
      /// In a fence, before the value.
      case fenced
    }

    private var state = State.start
    private var seen = 0
    private var ticks = 0
    private var beginsLine = true
    /// The text so far without the white space around it, as long as it may be a number or a literal.
    private var scalar: [UInt8] = []
    private var isScalar = true
    private var pauses = false

    private static let scalarLimit = 64
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Says how many bytes of the piece lie before the value: all of them when it does not begin here.
    mutating func skip(_ piece: UnsafeBufferPointer<UInt8>) -> Int {
      for (at, byte) in piece.enumerated() {
        if begins(byte) { return at }
        seen += 1
      }
      return piece.count
    }

    /// Whether the value begins with this byte.
    private mutating func begins(_ byte: UInt8) -> Bool {
      let isSpace = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
      switch state {
      case .start:
        if isSpace || (seen < 3 && byte == Self.byteOrderMark[seen]) { return false }
        if byte == UInt8(ascii: "\"") { return true }
        state = .prose
        return begins(byte)
      case .prose:
        if byte == UInt8(ascii: "{") || (byte == UInt8(ascii: "[") && beginsLine) { return true }
        note(byte, isSpace: isSpace)
        beginsLine = byte == 0x0A || (beginsLine && isSpace)
        ticks = byte == UInt8(ascii: "`") ? ticks + 1 : 0
        if ticks == 3 { state = .language }
        return false
      case .language:
        if byte == 0x0A { state = .fenced }
        return byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
      case .fenced:
        return !isSpace
      }
    }

    private mutating func note(_ byte: UInt8, isSpace: Bool) {
      if isSpace {
        pauses = true
      } else if pauses || scalar.count == Self.scalarLimit {
        isScalar = false
      } else if isScalar {
        scalar.append(byte)
      }
    }

    /// The whole text when it is a single word.
    var word: [UInt8] { isScalar ? scalar : [] }
  }
}
