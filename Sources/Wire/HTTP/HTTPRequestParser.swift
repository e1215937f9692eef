#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A strict parser of HTTP/1.x request heads (RFC 9112) that does no I/O.
///
/// What two parsers could read differently is refused: bare line feeds, folded lines, blanks before a colon,
/// both body lengths at once, unknown transfer codings.
package struct HTTPRequestParser {
  package enum Step {
    /// The window holds no whole head yet: call again with the same bytes and more behind them.
    case needMore
    /// The head took `consumed` bytes of the window; the parser is ready for the next request.
    case head(HTTPRequestHead, consumed: Int)
    /// The connection cannot be used any further.
    case error(HTTPError)
  }

  private let limits: HTTPLimits
  /// Where the current line begins.
  private var line = 0
  /// No line feed lies before this place.
  private var scanned = 0
  private var hasRequestLine = false
  private var skippedEmptyLine = false
  private var fields: [HTTPField] = []
  private var marks = HTTPRequestHead.Marks()

  package init(limits: HTTPLimits = HTTPLimits()) {
    precondition(limits.head <= Int(UInt16.max))
    self.limits = limits
  }

  /// Whether the first bytes of a head were seen.
  package var hasBegun: Bool { scanned > 0 }

  /// Looks for a head in `window`, which begins with the request's first byte.
  package mutating func parse(_ window: UnsafeRawBufferPointer) -> Step {
    do {
      while let end = try nextLine(window) {
        let text = line..<end - 2
        line = end
        if !hasRequestLine {
          if text.isEmpty, !skippedEmptyLine {
            skippedEmptyLine = true
            continue
          }
          try parseRequestLine(window, text)
          hasRequestLine = true
        } else if !text.isEmpty {
          try parseField(window, text)
        } else {
          return .head(try finish(window, end), consumed: end)
        }
      }
      return .needMore
    } catch {
      return .error(error)
    }
  }

  /// The end of the line that begins at `line`, behind its CRLF.
  private mutating func nextLine(_ window: UnsafeRawBufferPointer) throws(HTTPError) -> Int? {
    if !hasRequestLine, line < window.count { try checkFirst(window[line]) }
    let bound = hasRequestLine ? limits.head : min(limits.head, line + limits.requestLine)
    let stop = min(window.count, bound)
    if scanned < stop, let base = window.baseAddress,
      let found = memchr(base + scanned, 0x0A, stop - scanned)
    {
      let end = base.distance(to: UnsafeRawPointer(found)) + 1
      guard end - line >= 2, window[end - 2] == 0x0D else {
        throw HTTPError(400, "A line of the request's head ends in a bare line feed; lines end in CR LF.")
      }
      scanned = end
      return end
    }
    scanned = max(scanned, stop)
    if window.count >= bound {
      throw hasRequestLine || bound == limits.head
        ? HTTPError(431, "The request's head is longer than \(limits.head) bytes.")
        : HTTPError(414, "The request line is longer than \(limits.requestLine) bytes.")
    }
    return nil
  }

  private func checkFirst(_ byte: UInt8) throws(HTTPError) {
    if HTTPCharacters.isToken(byte) || byte == 0x0D || byte == 0x0A { return }
    throw HTTPError(
      400,
      byte == 0x16
        ? "This port speaks plain HTTP, not TLS: use http://." : "The request does not begin with a method.")
  }

  private mutating func parseRequestLine(
    _ window: UnsafeRawBufferPointer, _ text: Range<Int>
  ) throws(HTTPError) {
    var at = text.lowerBound
    while at < text.upperBound, HTTPCharacters.isToken(window[at]) { at += 1 }
    let name = text.lowerBound..<at
    guard !name.isEmpty, at < text.upperBound, window[at] == 0x20 else {
      throw HTTPError(400, "The request line does not begin with a method and one space.")
    }
    let start = at + 1
    at = start
    while at < text.upperBound, HTTPCharacters.isTarget(window[at]) { at += 1 }
    let target = start..<at
    guard !target.isEmpty, at < text.upperBound, window[at] == 0x20 else {
      throw HTTPError(400, "The request target is not visible ASCII followed by one space.")
    }
    try parseVersion(UnsafeRawBufferPointer(rebasing: window[at + 1..<text.upperBound]))
    marks.name = name
    marks.method = HTTPMethod(UnsafeRawBufferPointer(rebasing: window[name]))
    try parseTarget(window, target)
  }

  private mutating func parseVersion(_ version: UnsafeRawBufferPointer) throws(HTTPError) {
    let prefix: StaticString = "HTTP/"
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard version.count == 8, memcmp(version.baseAddress!, prefix.utf8Start, 5) == 0,
      digits.contains(version[5]), version[6] == UInt8(ascii: "."), digits.contains(version[7])
    else { throw HTTPError(400, "The request line does not end in HTTP/1.1 or HTTP/1.0.") }
    guard version[5] == UInt8(ascii: "1"), version[7] <= UInt8(ascii: "1") else {
      throw HTTPError(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    }
    marks.minor = version[7] - UInt8(ascii: "0")
  }

  /// Takes origin form (`/path`), absolute form (`http://host/path`) and, for OPTIONS, `*`.
  private mutating func parseTarget(
    _ window: UnsafeRawBufferPointer, _ target: Range<Int>
  ) throws(HTTPError) {
    marks.target = target
    var start = target.lowerBound
    if window[start] != UInt8(ascii: "/") {
      if marks.method == .options, target.count == 1, window[start] == UInt8(ascii: "*") {
        marks.path = target
        return
      }
      let text = window[target]
      let schemes: [StaticString] = ["http://", "https://"]
      guard
        let scheme = schemes.first(where: { scheme in
          text.count >= scheme.utf8CodeUnitCount
            && HTTPCharacters.equal(
              UnsafeRawBufferPointer(rebasing: text.prefix(scheme.utf8CodeUnitCount)), scheme)
        })
      else { throw HTTPError(400, "The request target is neither a path nor an http URL.") }
      let authority = text.dropFirst(scheme.utf8CodeUnitCount)
      start =
        authority.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? target.upperBound
    }
    let mark = window[start..<target.upperBound].firstIndex(of: UInt8(ascii: "?"))
    marks.path = start..<(mark ?? target.upperBound)
    if let mark { marks.query = mark + 1..<target.upperBound }
  }

  private mutating func parseField(
    _ window: UnsafeRawBufferPointer, _ text: Range<Int>
  ) throws(HTTPError) {
    guard fields.count < limits.fields else {
      throw HTTPError(431, "The request has more than \(limits.fields) header fields.")
    }
    guard !HTTPCharacters.isBlank(window[text.lowerBound]) else {
      throw HTTPError(400, "A header field is folded over two lines.")
    }
    var at = text.lowerBound
    while at < text.upperBound, HTTPCharacters.isToken(window[at]) { at += 1 }
    guard at > text.lowerBound, at < text.upperBound, window[at] == UInt8(ascii: ":") else {
      throw HTTPError(400, "A header field is not a name, a colon and a value.")
    }
    let name = UnsafeRawBufferPointer(rebasing: window[text.lowerBound..<at])
    var from = at + 1
    var to = text.upperBound
    while from < to, HTTPCharacters.isBlank(window[from]) { from += 1 }
    while to > from, HTTPCharacters.isBlank(window[to - 1]) { to -= 1 }
    let value = UnsafeRawBufferPointer(rebasing: window[from..<to])
    guard HTTPCharacters.areValue(value) else {
      throw HTTPError(400, "The value of a header field holds a control character.")
    }
    if fields.isEmpty { fields.reserveCapacity(12) }
    fields.append(
      HTTPField(
        nameStart: UInt16(text.lowerBound), nameCount: UInt16(name.count), valueStart: UInt16(from),
        valueCount: UInt16(value.count)))
    try marks.note(name, value)
  }

  private mutating func finish(
    _ window: UnsafeRawBufferPointer, _ end: Int
  ) throws(HTTPError) -> HTTPRequestHead {
    try marks.check()
    let head = HTTPRequestHead(bytes: [UInt8](window[..<end]), fields: fields, marks: marks)
    self = HTTPRequestParser(limits: limits)
    return head
  }
}
