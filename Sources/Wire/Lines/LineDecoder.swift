#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A line, or another piece of a stream, that is longer than its bound.
package struct TooLongError: Error, Equatable, Sendable {
  /// Bytes.
  package let limit: Int

  package init(limit: Int) { self.limit = limit }
}

/// Splits a stream into its lines, as newline-delimited JSON is framed, without I/O.
///
/// Lines end in LF or CR LF; blank ones are skipped. A CR alone ends no line: inside JSON it is white space.
package struct LineDecoder: ~Copyable {
  private let limit: Int
  /// The beginning of a line whose end has not arrived.
  private let line = PaddedBuffer(capacity: 0)

  /// `limit` bounds a line, in bytes.
  package init(limit: Int = 1 << 20) { self.limit = limit }

  /// Takes the next bytes and calls `body` with each line that they complete, without its end; 64 readable bytes
  /// follow a line. The line is valid during the call.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(TooLongError) {
    guard var rest = bytes.baseAddress else { return }
    let end = rest + bytes.count
    while rest < end {
      guard let stop = memchr(rest, 0x0A, rest.distance(to: end)) else {
        return try keep(UnsafeRawBufferPointer(start: rest, count: rest.distance(to: end)))
      }
      let part = UnsafeRawBufferPointer(start: rest, count: rest.distance(to: UnsafeRawPointer(stop)))
      rest = UnsafeRawPointer(stop) + 1
      if line.count == 0, rest.distance(to: end) >= PaddedBuffer.padding {
        // What follows in the same piece is readable: no copy.
        guard part.count <= limit else { throw TooLongError(limit: limit) }
        give(part, body)
      } else {
        try keep(part)
        give(UnsafeRawBufferPointer(line.bytes), body)
        line.removeAll()
      }
    }
  }

  /// The stream has ended: what has come of a last line is one, too.
  package mutating func finish(_ body: (UnsafeRawBufferPointer) -> Void) {
    give(UnsafeRawBufferPointer(line.bytes), body)
    line.removeAll()
  }

  private func keep(_ part: UnsafeRawBufferPointer) throws(TooLongError) {
    guard line.count + part.count <= limit else { throw TooLongError(limit: limit) }
    line.append(part)
  }

  private func give(_ line: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    guard !isBlank else { return }
    body(line.last == 0x0D ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line)
  }
}
