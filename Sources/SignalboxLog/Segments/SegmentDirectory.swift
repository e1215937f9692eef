import Wire

/// Where the blocks of a sealed segment lie within its bytes.
struct SegmentDirectory {
  struct Block {
    var codec: Codec
    var offset: Int
    var stored: Int
    var size: Int
    var checksum: UInt64
  }

  /// Membership is told by a bit a block.
  static let maxBlocks = 64

  private(set) var blocks: [Block] = []

  init() {}

  mutating func append(_ packed: BlockCodec.Packed) {
    let offset = blocks.last.map { $0.offset + $0.stored } ?? 0
    blocks.append(
      Block(
        codec: packed.codec, offset: offset, stored: packed.bytes.count, size: packed.size,
        checksum: packed.checksum))
  }

  /// Reads a directory back; nil when it is damaged.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var reader = ByteReader(bytes)
    var offset = 0
    while !reader.isAtEnd {
      guard let codec = reader.varint().flatMap({ Codec(rawValue: Int64(truncatingIfNeeded: $0)) }),
        let stored = reader.varint(), stored < 1 << 30, let size = reader.varint(), size < 1 << 30,
        let checksum = reader.littleEndian(), blocks.count < Self.maxBlocks
      else { return nil }
      blocks.append(
        Block(codec: codec, offset: offset, stored: Int(stored), size: Int(size), checksum: checksum))
      offset += Int(stored)
    }
  }

  var encoded: SharedBytes {
    var writer = ByteWriter(capacity: blocks.count * 16)
    for block in blocks {
      writer.append(varint: UInt64(block.codec.rawValue))
      writer.append(varint: UInt64(block.stored))
      writer.append(varint: UInt64(block.size))
      writer.append(littleEndian: block.checksum)
    }
    return SharedBytes(taking: writer)
  }
}
