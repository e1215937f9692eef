/// A strict decoder of chunked bodies (RFC 9112 §7.1) that does no I/O and copies nothing.
///
/// Extensions and trailer fields are checked, limited and thrown away.
package struct HTTPChunkedDecoder {
  package enum Step: Equatable {
    /// The window is used up.
    case needMore
    /// These bytes of the window are body; call again from `upTo`.
    case data(Range<Int>, upTo: Int)
    /// The body ended before this place of the window.
    case end(Int)
    case error(HTTPError)
  }

  private enum State {
    case size, chunkExtension, sizeLF, data, dataCR, dataLF
    case trailerStart, trailerName, trailerValue, trailerLF, lastLF
  }

  /// Most bytes of extensions and trailer fields in one body.
  package static let overheadLimit = 8 << 10

  private var state = State.size
  private var digits = 0
  /// Bytes still missing of the current chunk.
  private var missing = 0
  private var overhead = 0

  package init() {}

  /// Decodes from `window[at...]`.
  package mutating func next(_ window: UnsafeRawBufferPointer, from start: Int) -> Step {
    var at = start
    while at < window.count {
      if state == .data {
        let count = min(missing, window.count - at)
        missing -= count
        if missing == 0 { state = .dataCR }
        return .data(at..<at + count, upTo: at + count)
      }
      let byte = window[at]
      at += 1
      if state == .lastLF {
        guard byte == 0x0A else { return .error(HTTPChunkedDecoder.badLine) }
        return .end(at)
      }
      if let error = take(byte) { return .error(error) }
    }
    return .needMore
  }

  private static let badLine = HTTPError(400, "A line of the chunked body does not end in CR LF.")

  private mutating func take(_ byte: UInt8) -> HTTPError? {
    switch state {
    case .size: return takeSize(byte)
    case .chunkExtension:
      if byte == 0x0D { state = .sizeLF } else { return takeOverhead(byte) }
    case .sizeLF:
      guard byte == 0x0A else { return HTTPChunkedDecoder.badLine }
      state = missing == 0 ? .trailerStart : .data
      digits = 0
    case .dataCR:
      guard byte == 0x0D else { return HTTPError(400, "A chunk is longer than its size says.") }
      state = .dataLF
    case .dataLF:
      guard byte == 0x0A else { return HTTPChunkedDecoder.badLine }
      state = .size
    case .trailerStart:
      if byte == 0x0D {
        state = .lastLF
      } else {
        guard HTTPCharacters.isToken(byte) else { return HTTPError(400, "A trailer field has no name.") }
        state = .trailerName
        return takeOverhead(byte)
      }
    case .trailerName:
      if byte == UInt8(ascii: ":") {
        state = .trailerValue
      } else if !HTTPCharacters.isToken(byte) {
        return HTTPError(400, "A trailer field is not a name, a colon and a value.")
      }
      return takeOverhead(byte)
    case .trailerValue:
      if byte == 0x0D { state = .trailerLF } else { return takeOverhead(byte) }
    case .trailerLF:
      guard byte == 0x0A else { return HTTPChunkedDecoder.badLine }
      state = .trailerStart
    case .data, .lastLF: preconditionFailure("handled before")
    }
    return nil
  }

  private mutating func takeSize(_ byte: UInt8) -> HTTPError? {
    if let digit = HTTPCharacters.hex(byte) {
      guard digits < 15 else { return HTTPError(413, "A chunk is absurdly large.") }
      missing = missing << 4 | Int(digit)
      digits += 1
      return nil
    }
    guard digits > 0 else { return HTTPError(400, "A chunk's size is not a hexadecimal number.") }
    switch byte {
    case 0x0D: state = .sizeLF
    case UInt8(ascii: ";"), 0x20, 0x09:
      state = .chunkExtension
      return takeOverhead(byte)
    default: return HTTPError(400, "A chunk's size is not a hexadecimal number.")
    }
    return nil
  }

  private mutating func takeOverhead(_ byte: UInt8) -> HTTPError? {
    guard HTTPCharacters.isValue(byte) else {
      return HTTPError(400, "An extension or trailer field holds a control character.")
    }
    overhead += 1
    return overhead <= HTTPChunkedDecoder.overheadLimit
      ? nil : HTTPError(431, "The chunked body has too long extensions or trailer fields.")
  }
}
