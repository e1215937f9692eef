#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One event of a stream of server-sent events; the bytes are valid only during the call that hands it out.
package struct SSEEvent {
  /// The `event` field; empty when there was none, which means `message`.
  package let type: UnsafeRawBufferPointer
  /// The `data` lines, joined with line feeds; 64 readable bytes follow.
  package let data: UnsafeRawBufferPointer
  /// The last id seen in the stream so far.
  package let id: UnsafeRawBufferPointer
}

/// A stream that is not fit to be read as server-sent events.
package struct SSEError: Error, Equatable, Sendable {
  package var message: String
}

/// Decodes server-sent events (WHATWG HTML §9.2) without I/O and without a String.
///
/// Lines may end in LF, CR or CR LF, also split between two pieces of input.
package struct SSEDecoder: ~Copyable {
  /// Reconnection time in milliseconds that the server asked for last.
  package private(set) var retry: Int?

  private let limit: Int
  /// The beginning of a line whose end has not arrived.
  private let line = PaddedBuffer(capacity: 0)
  private let data = PaddedBuffer(capacity: 0)
  private let type = PaddedBuffer(capacity: 0)
  private let id = PaddedBuffer(capacity: 0)
  private var hasData = false
  private var skipsLineFeed = false
  private var isFirstLine = true
  /// Lines that are no field and look like JSON: servers send errors in the middle of a stream like this.
  private var stray: [UInt8] = []
  private static let strayLimit = 64 << 10

  /// `limit` bounds a line and an event's data, in bytes.
  package init(limit: Int = 1 << 20) { self.limit = limit }

  /// Nothing of an event has come yet: what follows begins one. Never before the first line.
  package var isBetweenEvents: Bool {
    line.count == 0 && !hasData && type.count == 0 && !skipsLineFeed && !isFirstLine
  }

  /// Takes the next bytes and calls `body` with each event they complete.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, _ body: (SSEEvent) -> Void
  ) throws(SSEError) {
    guard var rest = bytes.baseAddress else { return }
    let end = rest + bytes.count
    if skipsLineFeed, rest < end {
      skipsLineFeed = false
      if rest.load(as: UInt8.self) == 0x0A { rest += 1 }
    }
    while rest < end {
      guard let stop = SSEDecoder.lineEnd(rest, end) else {
        return try keep(UnsafeRawBufferPointer(start: rest, count: rest.distance(to: end)))
      }
      let part = UnsafeRawBufferPointer(start: rest, count: rest.distance(to: stop))
      rest = stop + 1
      if stop.load(as: UInt8.self) == 0x0D {
        if rest == end {
          skipsLineFeed = true
        } else if rest.load(as: UInt8.self) == 0x0A {
          rest += 1
        }
      }
      if line.count == 0 {
        guard part.count <= limit else { throw tooLong }
        try take(part, body)
      } else {
        try keep(part)
        try take(UnsafeRawBufferPointer(line.bytes), body)
        line.removeAll()
      }
    }
  }

  /// The stream has ended. An event without its empty line is dropped, as the standard has it, unless
  /// `dispatchesRest` asks for it: some servers leave the last empty line out.
  package mutating func finish(
    dispatchesRest: Bool = false, _ body: (SSEEvent) -> Void
  ) throws(SSEError) {
    if dispatchesRest {
      if line.count > 0 { try take(UnsafeRawBufferPointer(line.bytes), body) }
      dispatch(body)
    }
    line.removeAll()
    data.removeAll()
    type.removeAll()
    hasData = false
  }

  /// The first CR or LF.
  private static func lineEnd(
    _ from: UnsafeRawPointer, _ end: UnsafeRawPointer
  ) -> UnsafeRawPointer? {
    let feed = memchr(from, 0x0A, from.distance(to: end)).map { UnsafeRawPointer($0) }
    let bound = feed ?? end
    return memchr(from, 0x0D, from.distance(to: bound)).map { UnsafeRawPointer($0) } ?? feed
  }

  private var tooLong: SSEError { SSEError(message: "a line or an event is longer than \(limit) bytes") }

  private func keep(_ part: UnsafeRawBufferPointer) throws(SSEError) {
    guard line.count + part.count <= limit else { throw tooLong }
    line.append(part)
  }

  private mutating func take(
    _ whole: UnsafeRawBufferPointer, _ body: (SSEEvent) -> Void
  ) throws(SSEError) {
    var text = whole
    if isFirstLine {
      isFirstLine = false
      if text.starts(with: [0xEF, 0xBB, 0xBF] as [UInt8]) {
        text = UnsafeRawBufferPointer(rebasing: text[3...])
      }
    }
    guard let first = text.first else { return dispatch(body) }
    // A comment.
    if first == UInt8(ascii: ":") { return }
    let colon = memchr(text.baseAddress!, 0x3A, text.count)
    let nameEnd = colon.map { text.baseAddress!.distance(to: UnsafeRawPointer($0)) } ?? text.count
    var from = min(nameEnd + 1, text.count)
    if from < text.count, text[from] == 0x20 { from += 1 }
    let isField = try takeField(
      UnsafeRawBufferPointer(rebasing: text[..<nameEnd]), UnsafeRawBufferPointer(rebasing: text[from...]))
    if !isField, first == UInt8(ascii: "{") || !stray.isEmpty { keepStray(text) }
  }

  private mutating func keepStray(_ text: UnsafeRawBufferPointer) {
    guard stray.count + text.count < Self.strayLimit else { return }
    stray.append(contentsOf: text)
    stray.append(0x0A)
  }

  /// The lines that are no field of an event, from the first on that begins with `{`; empty when there were none.
  package mutating func takeStray() -> [UInt8] {
    defer { stray = [] }
    return stray
  }

  /// False when there is no field of that name.
  private mutating func takeField(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) throws(SSEError) -> Bool {
    if SSEDecoder.equal(name, "data") {
      guard data.count + value.count + 1 <= limit else { throw tooLong }
      if hasData { data.append(0x0A) }
      data.append(value)
      hasData = true
    } else if SSEDecoder.equal(name, "event") {
      type.removeAll()
      type.append(value)
    } else if SSEDecoder.equal(name, "id") {
      guard !value.contains(0) else { return true }
      id.removeAll()
      id.append(value)
    } else if SSEDecoder.equal(name, "retry") {
      var number = 0
      for byte in value {
        guard byte &- 48 < 10, number < 1 << 40 else { return true }
        number = number * 10 + Int(byte &- 48)
      }
      if !value.isEmpty { retry = number }
    } else {
      return false
    }
    return true
  }

  private static func equal(_ bytes: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
    bytes.count == name.utf8CodeUnitCount && memcmp(bytes.baseAddress!, name.utf8Start, bytes.count) == 0
  }

  /// An empty line: the event is complete, unless it has no data.
  private mutating func dispatch(_ body: (SSEEvent) -> Void) {
    if data.count > 0 {
      body(
        SSEEvent(
          type: UnsafeRawBufferPointer(type.bytes), data: UnsafeRawBufferPointer(data.bytes),
          id: UnsafeRawBufferPointer(id.bytes)))
    }
    data.removeAll()
    type.removeAll()
    hasData = false
  }
}
