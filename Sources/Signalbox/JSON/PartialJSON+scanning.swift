extension PartialJSON {
  /// What may come next.
  enum State: Sendable {
    case value, firstElement, firstName, name, colon, afterValue
    case string, escape, unicode
    case literal, number
    case done
  }

  enum Literal: Sendable {
    case null, `true`, `false`

    var text: StaticString {
      switch self {
      case .null: "null"
      case .true: "true"
      case .false: "false"
      }
    }

    var value: JSONValue {
      switch self {
      case .null: .null
      case .true: .bool(true)
      case .false: .bool(false)
      }
    }
  }

  /// Reads a piece as far as the limit.
  mutating func read(_ piece: UnsafeBufferPointer<UInt8>) {
    guard error == nil, mode == .strict || state != .done else { return }
    let room = limits.bytes - consumed
    let count = min(piece.count, room)
    takeApart()
    let readable = UnsafeBufferPointer(rebasing: piece[..<count])
    let start = prelude?.skip(readable) ?? 0
    if start < count {
      prelude = nil
      scan(readable, from: start)
    }
    if count < piece.count, error == nil, mode == .strict || state != .done {
      fail(.limit, "Longer than \(limits.bytes) bytes", at: count)
    }
    reportText()
    assemble()
    consumed += piece.count
  }

  /// Ends the text.
  mutating func end() {
    takeApart()
    if let word = prelude?.word {
      prelude = nil
      // The offset of the word in the text is of no use: what is wrong is that there is no value.
      word.withUnsafeBufferPointer { scan($0, from: 0) }
      if state == .number { completeNumber(at: 0) }
      if error != nil || state != .done {
        error = nil
        fail(.incomplete, "The text has no JSON value", at: 0)
      }
    } else {
      if state == .number, number.isWhole { completeNumber(at: 0) }
      if error == nil, state != .done { fail(.incomplete, "The text ends \(whereItEnds)", at: 0) }
    }
    assemble()
  }

  private var whereItEnds: String {
    switch state {
    case .value where frames.isEmpty: "before the value"
    case .value: "before a value"
    case .firstElement, .afterValue: frames.last?.isObject == true ? "inside an object" : "inside an array"
    case .firstName, .name, .colon: "inside an object"
    case .string, .escape, .unicode: isName ? "inside a name" : "inside a string"
    case .literal: "inside a literal"
    case .number: "inside a number"
    case .done: "after the value"
    }
  }

  private mutating func scan(_ piece: UnsafeBufferPointer<UInt8>, from start: Int) {
    var at = start
    while at < piece.count, error == nil {
      switch state {
      case .string: at = scanText(piece, from: at)
      case .escape: scanEscape(piece[at], at: &at)
      case .unicode: scanDigit(piece[at], at: &at)
      case .number: at = scanNumber(piece, from: at)
      case .literal: scanLetter(piece[at], at: &at)
      case .done where mode == .tolerant: return
      default:
        switch piece[at] {
        case 0x20, 0x09, 0x0A, 0x0D: break
        case let byte: scanStructure(byte, at: at)
        }
        at += 1
      }
    }
  }

  private mutating func scanStructure(_ byte: UInt8, at: Int) {
    switch (state, byte) {
    case (.firstElement, UInt8(ascii: "]")), (.firstName, UInt8(ascii: "}")): close()
    case (.afterValue, UInt8(ascii: "]")) where frames.last?.isObject == false: close()
    case (.afterValue, UInt8(ascii: "}")) where frames.last?.isObject == true: close()
    case (.afterValue, UInt8(ascii: ",")): state = frames.last?.isObject == true ? .name : .value
    case (.colon, UInt8(ascii: ":")): state = .value
    case (.firstName, UInt8(ascii: "\"")), (.name, UInt8(ascii: "\"")): openString(isName: true)
    case (.value, _), (.firstElement, _): scanValue(byte, at: at)
    default: unexpected(byte, at: at)
    }
  }

  private mutating func scanValue(_ byte: UInt8, at: Int) {
    switch byte {
    case UInt8(ascii: "{"): open(isObject: true, at: at)
    case UInt8(ascii: "["): open(isObject: false, at: at)
    case UInt8(ascii: "\""): openString(isName: false)
    case UInt8(ascii: "t"): begin(.true)
    case UInt8(ascii: "f"): begin(.false)
    case UInt8(ascii: "n"): begin(.null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      state = .number
      held.removeAll(keepingCapacity: true)
      held.append(byte)
      number = NumberState.start.after(byte) ?? .start
    default: unexpected(byte, at: at)
    }
  }

  private mutating func begin(_ literal: Literal) {
    self.literal = literal
    digits = 1
    state = .literal
  }

  private mutating func scanLetter(_ byte: UInt8, at: inout Int) {
    guard byte == literal.text.utf8Start[digits] else { return unexpected(byte, at: at) }
    at += 1
    digits += 1
    if digits == literal.text.utf8CodeUnitCount { complete(literal.value) }
  }

  private mutating func unexpected(_ byte: UInt8, at: Int) {
    let expected =
      switch state {
      case .value: "a value"
      case .firstElement: "a value or ']'"
      case .firstName: "a name or '}'"
      case .name: "a name"
      case .colon: "':'"
      case .afterValue: frames.last?.isObject == true ? "',' or '}'" : "',' or ']'"
      case .literal: "\(literal.text)"
      case .done: "nothing after the value"
      default: "something else"
      }
    fail(.invalid, "Expected \(expected), found \(Self.shown(byte))", at: at)
  }

  static func shown(_ byte: UInt8) -> String {
    0x20..<0x7F ~= byte ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }

  /// Notes an error at that place of the piece.
  mutating func fail(_ reason: JSONTextError.Reason, _ message: String, at: Int) {
    let isBetween =
      switch state {
      case .firstName, .name, .afterValue: true
      case .string, .escape, .unicode: isName
      default: false
      }
    let path = isBetween ? JSONPath(frames.dropLast().map(\.step)) : path
    error = JSONTextError(reason: reason, message: message, offset: consumed + at, path: path)
  }
}
