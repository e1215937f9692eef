extension PartialJSON {
  mutating func openString(isName: Bool) {
    self.isName = isName
    text = ""
    held.removeAll(keepingCapacity: true)
    reported = 0
    isWatched = !isName && watch.isActive && watch.selects(frames.last?.step)
    state = .string
  }

  private mutating func closeString() {
    if isName {
      frames[frames.count - 1].key = text
      state = .colon
    } else {
      reportText()
      isWatched = false
      complete(.string(text))
    }
    text = ""
  }

  /// Reads text as far as it is plain, and the byte that ends it.
  mutating func scanText(_ piece: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    if high != 0, piece[start] != UInt8(ascii: "\\") { loseHigh() }
    var end = start
    while end < piece.count {
      let byte = piece[end]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      end += 1
    }
    take(UnsafeBufferPointer(rebasing: piece[start..<end]), at: start)
    guard error == nil, end < piece.count else { return end }
    guard held.isEmpty else {
      fail(.invalid, "The text is not UTF-8", at: end - held.count)
      return end
    }
    switch piece[end] {
    case UInt8(ascii: "\""): closeString()
    case UInt8(ascii: "\\"): state = .escape
    case let byte: fail(.invalid, "A string contains \(Self.shown(byte)) unescaped", at: end)
    }
    return end + 1
  }

  mutating func scanEscape(_ byte: UInt8, at: inout Int) {
    if byte == UInt8(ascii: "u") {
      (digits, unit) = (0, 0)
      state = .unicode
      at += 1
      return
    }
    let scalar: Unicode.Scalar? =
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): Unicode.Scalar(byte)
      case UInt8(ascii: "b"): "\u{08}"
      case UInt8(ascii: "f"): "\u{0C}"
      case UInt8(ascii: "n"): "\n"
      case UInt8(ascii: "r"): "\r"
      case UInt8(ascii: "t"): "\t"
      default: nil
      }
    guard let scalar else {
      return fail(.invalid, "'\\' is followed by \(Self.shown(byte))", at: at)
    }
    if high != 0 { loseHigh() }
    text.unicodeScalars.append(scalar)
    state = .string
    at += 1
  }

  mutating func scanDigit(_ byte: UInt8, at: inout Int) {
    let digit: UInt8? =
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
      case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
      case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
      default: nil
      }
    guard let digit else {
      return fail(.invalid, "Expected a hexadecimal digit, found \(Self.shown(byte))", at: at)
    }
    at += 1
    unit = unit << 4 | UInt32(digit)
    digits += 1
    if digits == 4 {
      takeUnit()
      state = .string
    }
  }

  /// Takes a UTF-16 unit that was written as an escape.
  private mutating func takeUnit() {
    if high != 0 {
      if 0xDC00...0xDFFF ~= unit {
        let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (unit - 0xDC00))
        text.unicodeScalars.append(scalar ?? "\u{FFFD}")
        high = 0
        return
      }
      loseHigh()
    }
    if 0xD800...0xDBFF ~= unit {
      high = unit
    } else {
      text.unicodeScalars.append(Unicode.Scalar(unit) ?? "\u{FFFD}")
    }
  }

  /// The second half of a surrogate pair did not come.
  private mutating func loseHigh() {
    text.unicodeScalars.append("\u{FFFD}")
    high = 0
  }

  // MARK: UTF-8

  private mutating func take(_ run: UnsafeBufferPointer<UInt8>, at start: Int) {
    var run = run
    var start = start
    while !held.isEmpty, let byte = run.first {
      guard Self.continues(byte) else {
        return fail(.invalid, "The text is not UTF-8", at: start - held.count)
      }
      held.append(byte)
      run = UnsafeBufferPointer(rebasing: run.dropFirst())
      start += 1
      if held.count == Self.sequenceLength(held[0]) {
        guard let whole = String(validating: held, as: UTF8.self) else {
          return fail(.invalid, "The text is not UTF-8", at: start - held.count)
        }
        text += whole
        held.removeAll(keepingCapacity: true)
      }
    }
    guard !run.isEmpty else { return }
    let whole = run.count - Self.beginningAtEnd(of: run)
    held.append(contentsOf: run[whole...])
    let body = UnsafeBufferPointer(rebasing: run[..<whole])
    if let valid = String(validating: body, as: UTF8.self) {
      if text.isEmpty { text = valid } else { text += valid }
      return
    }
    let valid = Self.validPrefix(of: body)
    text += String(decoding: body[..<valid], as: UTF8.self)
    fail(.invalid, "The text is not UTF-8", at: start + valid)
  }

  private static func continues(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// How many bytes a sequence with that first byte has; 1 for a byte that cannot begin one.
  private static func sequenceLength(_ lead: UInt8) -> Int {
    switch lead {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }

  /// How many bytes at the end begin a sequence that is not whole.
  private static func beginningAtEnd(of run: UnsafeBufferPointer<UInt8>) -> Int {
    for length in 1...3 where length <= run.count {
      let byte = run[run.count - length]
      if !continues(byte) { return sequenceLength(byte) > length ? length : 0 }
    }
    return 0
  }

  private static func validPrefix(of run: UnsafeBufferPointer<UInt8>) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var bytes = run.makeIterator()
    var length = 0
    while case .valid(let sequence) = parser.parseScalar(from: &bytes) { length += sequence.count }
    return length
  }
}
