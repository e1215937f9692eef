import Wire

/// Events as they lie in a row: how many, where each lies in the log, how long it is, then their bytes.
///
/// A commit is one block; a sealed segment holds several, each with the events of a few spans, one span behind
/// the other. Offsets are told as distances from the one expected next, folded so that small ones of either sign
/// are one byte.
enum EventBlock {
  /// Writes the block's head; the events' bytes must follow.
  static func appendHead(
    _ events: some Collection<(offset: UInt64, length: Int)>, base: UInt64, to writer: inout ByteWriter
  ) {
    writer.append(varint: UInt64(events.count))
    var next = base
    for event in events {
      let distance = Int64(bitPattern: event.offset &- next)
      writer.append(varint: UInt64(bitPattern: distance << 1 ^ distance >> 63))
      writer.append(varint: UInt64(event.length))
      next = event.offset + 1
    }
  }

  /// Calls `body` with the offset and place of each event; false when the block is damaged.
  static func forEach(
    in bytes: UnsafeRawBufferPointer, base: UInt64, _ body: (UInt64, Range<Int>) -> Void
  ) -> Bool {
    var reader = ByteReader(bytes)
    // No event is shorter than two bytes, so the count is bounded by the block before memory is taken for it.
    guard let count = reader.varint(), count <= UInt64(bytes.count) / 2 else { return false }
    var events: [(offset: UInt64, length: Int)] = []
    events.reserveCapacity(Int(count))
    var next = base
    var total = 0
    for _ in 0..<count {
      guard let folded = reader.varint(), let length = reader.varint(), length <= UInt64(bytes.count)
      else { return false }
      let offset = next &+ (folded >> 1 ^ (0 &- (folded & 1)))
      guard offset >= base else { return false }
      events.append((offset, Int(length)))
      next = offset &+ 1
      total += Int(length)
    }
    guard reader.at + total == bytes.count else { return false }
    var start = reader.at
    for event in events {
      body(event.offset, start..<start + event.length)
      start += event.length
    }
    return true
  }
}

/// How the bytes of a row are kept.
enum Codec: Int64 {
  case raw, zstd
}

/// A block as it lies in the database, and back.
final class BlockCodec {
  private let compressor = Compressor()
  private let decompressor = Decompressor()

  /// Below this many bytes compression gains nothing worth its time.
  private static let smallest = 1024

  struct Packed {
    let codec: Codec
    /// Bytes before compression.
    let size: Int
    let checksum: UInt64
    let bytes: SharedBytes
  }

  /// A block ready for its row: compressed where that helps, with a checksum of what is stored.
  func pack(_ block: borrowing ByteWriter) -> Packed {
    let raw = block.raw
    if raw.count >= Self.smallest {
      var writer = ByteWriter(capacity: raw.count)
      let length = compressor.compress(raw, into: &writer)
      if length < raw.count {
        let bytes = SharedBytes(taking: writer)
        return Packed(codec: .zstd, size: raw.count, checksum: stableHash(bytes.raw), bytes: bytes)
      }
    }
    let bytes = SharedBytes(copying: raw)
    return Packed(codec: .raw, size: raw.count, checksum: stableHash(raw), bytes: bytes)
  }

  /// The block; nil when it is damaged.
  func unpack(
    _ bytes: UnsafeRawBufferPointer, codec: Codec, size: Int, checksum: UInt64
  ) -> SharedBytes? {
    guard stableHash(bytes) == checksum, 0...(1 << 30) ~= size else { return nil }
    switch codec {
    case .raw: return bytes.count == size ? SharedBytes(copying: bytes) : nil
    case .zstd:
      var writer = ByteWriter(capacity: size)
      var isWhole = false
      _ = writer.appendUninitialized(size) { target in
        isWhole = decompressor.inflate(bytes, into: UnsafeMutableRawBufferPointer(start: target, count: size))
        return isWhole ? size : 0
      }
      return isWhole ? SharedBytes(taking: writer) : nil
    }
  }
}
