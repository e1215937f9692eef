/// Why an event stream cannot be read on.
package struct EventStreamError: Error, Equatable, Sendable {
  package enum Kind: Sendable {
    /// Not what the format says, or its checksum is wrong.
    case corrupt
    /// Over a limit.
    case tooLarge
  }

  package let kind: Kind
  /// A plain sentence.
  package let message: String
}

/// Decodes Amazon's binary event stream (`application/vnd.amazon.eventstream`) without I/O.
///
/// A frame, big-endian: total length u32, length of the headers u32, CRC-32 of these eight bytes, headers, payload,
/// CRC-32 of all before. Format: Amazon's description of event stream encoding.
package struct EventStreamDecoder: ~Copyable {
  /// Most bytes of a frame's headers, as Amazon's own SDKs have it.
  package static let headerLimit = 128 << 10

  private static let prelude = 12
  private static let checksum = 4

  private let limit: Int
  /// The beginning of a frame whose end has not arrived.
  private let frame = PaddedBuffer(capacity: 0)
  /// Of that frame, once its prelude is there.
  private var length: Int?

  /// `limit` bounds a payload, in bytes.
  package init(limit: Int = 1 << 20) { self.limit = limit }

  /// Nothing of a frame has come without its end.
  package var isBetweenMessages: Bool { frame.count == 0 }

  /// Takes the next bytes and calls `body` with each message they complete.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, _ body: (EventStreamMessage) -> Void
  ) throws(EventStreamError) {
    var rest = bytes
    while !rest.isEmpty {
      var taken = try takeInPlace(rest, body)
      if taken == 0 { taken = try gather(rest, body) }
      rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
    }
  }

  /// Takes a whole frame as it lies, if enough is readable behind its payload; returns its length, or 0.
  private func takeInPlace(
    _ bytes: UnsafeRawBufferPointer, _ body: (EventStreamMessage) -> Void
  ) throws(EventStreamError) -> Int {
    guard frame.count == 0, bytes.count >= Self.prelude else { return 0 }
    let length = try readPrelude(bytes)
    guard bytes.count >= length + PaddedBuffer.padding - Self.checksum else { return 0 }
    try take(UnsafeRawBufferPointer(rebasing: bytes[..<length]), body)
    return length
  }

  /// Copies what belongs to the frame that has begun, and takes that when it is whole.
  private mutating func gather(
    _ bytes: UnsafeRawBufferPointer, _ body: (EventStreamMessage) -> Void
  ) throws(EventStreamError) -> Int {
    let taken = min((length ?? Self.prelude) - frame.count, bytes.count)
    frame.append(UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
    if length == nil, frame.count == Self.prelude {
      length = try readPrelude(UnsafeRawBufferPointer(frame.bytes))
    } else if frame.count == length {
      try take(UnsafeRawBufferPointer(frame.bytes), body)
      frame.removeAll()
      length = nil
    }
    return taken
  }

  /// The length of the frame, once it is known to be one that is accepted.
  private func readPrelude(_ bytes: UnsafeRawBufferPointer) throws(EventStreamError) -> Int {
    let total = Int(Self.number(bytes, at: 0))
    let headers = Int(Self.number(bytes, at: 4))
    guard CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<8])) == Self.number(bytes, at: 8) else {
      throw EventStreamError(kind: .corrupt, message: "the checksum of a frame's prelude is wrong")
    }
    guard total >= Self.prelude + headers + Self.checksum else {
      throw EventStreamError(kind: .corrupt, message: "a frame is shorter than its parts")
    }
    guard headers <= Self.headerLimit else {
      throw EventStreamError(
        kind: .tooLarge, message: "the headers of a frame are longer than \(Self.headerLimit) bytes")
    }
    guard total - headers - Self.prelude - Self.checksum <= limit else {
      throw EventStreamError(kind: .tooLarge, message: "a payload is longer than \(limit) bytes")
    }
    return total
  }

  private func take(
    _ frame: UnsafeRawBufferPointer, _ body: (EventStreamMessage) -> Void
  ) throws(EventStreamError) {
    let end = frame.count - Self.checksum
    // The prelude's checksum is right, so it need not be computed again for what follows it.
    let checksum = CRC32.checksum(
      UnsafeRawBufferPointer(rebasing: frame[8..<end]), after: Self.number(frame, at: 8))
    guard checksum == Self.number(frame, at: end) else {
      throw EventStreamError(kind: .corrupt, message: "the checksum of a frame is wrong")
    }
    let start = Self.prelude + Int(Self.number(frame, at: 4))
    let headers = UnsafeRawBufferPointer(rebasing: frame[Self.prelude..<start])
    guard EventStreamMessage.isWellFormed(headers) else {
      throw EventStreamError(kind: .corrupt, message: "the headers of a frame are malformed")
    }
    body(
      EventStreamMessage(headers: headers, payload: UnsafeRawBufferPointer(rebasing: frame[start..<end])))
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
