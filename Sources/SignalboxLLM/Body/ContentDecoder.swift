internal import CZlib
internal import Wire

/// Undoes a body's `Content-Encoding` piece by piece, with a bound on what comes out.
package struct ContentDecoder: ~Copyable {
  /// Why a body cannot be read on.
  package enum Failure: Error, Equatable, Sendable {
    /// An encoding that is not known here, such as `br` or `zstd`.
    case unknownEncoding
    /// More came out than the bound allows.
    case tooLarge
    case corrupt
  }

  private enum Mode {
    case identity, inflate
    case failed(Failure)
  }

  private var mode: Mode
  private var stream: UnsafeMutablePointer<z_stream>?
  private var remaining: Int
  /// Whether the body may turn out to be deflate without the header of zlib.
  private var mayBeRaw = false
  /// The first byte, while the second has not come: together they say which format it is.
  private var first: UInt8?
  private var isBegun = false

  /// - Parameters:
  ///   - encoding: the value of `Content-Encoding`; nil or empty is identity.
  ///   - limit: most bytes that may come out; default 64 MiB.
  package init(encoding: UnsafeRawBufferPointer?, limit: Int = 64 << 20) {
    remaining = limit
    guard let encoding, !encoding.isEmpty, !HTTPCharacters.equal(encoding, "identity") else {
      mode = .identity
      return
    }
    guard
      HTTPCharacters.equal(encoding, "gzip") || HTTPCharacters.equal(encoding, "x-gzip")
        || HTTPCharacters.equal(encoding, "deflate")
    else {
      mode = .failed(.unknownEncoding)
      return
    }
    // zlib remembers the address of its state.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, and 32 for "gzip or zlib, whichever it is".
    guard sb_inflate_init(stream, 15 + 32) == Z_OK else {
      stream.deallocate()
      mode = .failed(.corrupt)
      return
    }
    self.stream = stream
    mode = .inflate
    mayBeRaw = HTTPCharacters.equal(encoding, "deflate")
  }

  deinit {
    guard let stream else { return }
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Hands over what the bytes decode to, in one or several pieces that are valid during the call.
  package mutating func decode(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(Failure) {
    switch mode {
    case .failed(let failure): throw failure
    case .identity:
      guard bytes.count <= remaining else { throw fail(.tooLarge) }
      remaining -= bytes.count
      if !bytes.isEmpty { body(bytes) }
    case .inflate: try inflate(bytes, body)
    }
  }

  private mutating func inflate(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(Failure) {
    guard !bytes.isEmpty else { return }
    guard !isBegun else { return try proceed(bytes, body) }
    guard let first = first ?? (bytes.count > 1 ? bytes[0] : nil) else {
      self.first = bytes[0]
      return
    }
    let second = self.first == nil ? bytes[1] : bytes[0]
    isBegun = true
    if mayBeRaw, !Self.isHeader(first, second) { inflateReset2(stream, -15) }
    if self.first != nil {
      let kept = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
      defer { kept.deallocate() }
      kept[0] = first
      try proceed(UnsafeRawBufferPointer(kept), body)
    }
    try proceed(bytes, body)
  }

  /// Whether a stream that begins so has the header of zlib (RFC 1950 §2.2) or of gzip: some servers say deflate and
  /// send it bare (RFC 9110 §8.4.1.2).
  private static func isHeader(_ first: UInt8, _ second: UInt8) -> Bool {
    let isZlib = first & 0x0F == 8 && (Int(first) << 8 + Int(second)) % 31 == 0
    return isZlib || (first == 0x1F && second == 0x8B)
  }

  private mutating func proceed(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(Failure) {
    guard let stream, let base = bytes.baseAddress else { return }
    let size = 16 << 10
    let out = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    defer { out.deallocate() }
    // zlib does not write to its input; its field merely is not const.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(bytes.count)
    while true {
      stream.pointee.next_out = out
      stream.pointee.avail_out = UInt32(size)
      let code = CZlib.inflate(stream, Z_SYNC_FLUSH)
      let written = size - Int(stream.pointee.avail_out)
      guard written <= remaining else { throw fail(.tooLarge) }
      remaining -= written
      if written > 0 { body(UnsafeRawBufferPointer(start: out, count: written)) }
      switch code {
      case Z_STREAM_END:
        // A gzip body may consist of several members (RFC 1952 §2.2).
        guard stream.pointee.avail_in > 0 else { return }
        inflateReset(stream)
      case Z_OK where stream.pointee.avail_in > 0 || written == size: continue
      case Z_OK, Z_BUF_ERROR: return
      default: throw fail(.corrupt)
      }
    }
  }

  private mutating func fail(_ failure: Failure) -> Failure {
    mode = .failed(failure)
    return failure
  }
}
