import Wire

/// Reads the blocks of sealed segments that are asked for, and keeps the last: a reader that pages through a
/// segment decodes it once.
final class SegmentReader {
  /// The events of some blocks of a segment, by offset.
  struct Decoded {
    struct Event {
      let offset: UInt64
      let slot: EventSlot
      /// Index into `blocks`.
      let block: Int
    }

    let firstOffset: UInt64
    let endOffset: UInt64
    let events: [Event]
    let blocks: [SharedBytes]
    /// Some blocks, or the directory, could not be read.
    let isDamaged: Bool
    fileprivate let mask: UInt64
  }

  private let core: LogCore
  private let find: Statement
  private let blob: BlobReader
  private let codec = BlockCodec()
  private var last: Decoded?

  init(_ database: Database, core: LogCore) throws(SQLiteError) {
    self.core = core
    find = try database.prepare("SELECT count, directory FROM segment WHERE first_offset = ?1")
    blob = BlobReader(database)
  }

  /// The events of these blocks; nil when the segment is not there (any more).
  func read(_ candidate: SegmentFinder.Candidate) throws(SQLiteError) -> Decoded? {
    if let last, last.firstOffset == candidate.firstOffset, last.mask == candidate.blocks { return last }
    find.bind(1, candidate.firstOffset)
    guard try find.step() else { return nil }
    let endOffset = candidate.firstOffset + find.unsigned(0)
    let directory = SegmentDirectory(find.blob(1))
    find.reset()
    let decoded = try decode(candidate, endOffset: endOffset, directory)
    if decoded.isDamaged { report(decoded) }
    last = decoded
    return decoded
  }

  private func decode(
    _ candidate: SegmentFinder.Candidate, endOffset: UInt64, _ directory: SegmentDirectory?
  ) throws(SQLiteError) -> Decoded {
    var events: [Decoded.Event] = []
    var blocks: [SharedBytes] = []
    var isDamaged = directory == nil
    do {
      try blob.open(segment: candidate.firstOffset)
      defer { blob.close() }
      for (index, block) in (directory?.blocks ?? []).enumerated()
      where candidate.blocks & 1 << UInt64(index) != 0 {
        guard let bytes = try self.block(block),
          let found = EventBlock.events(in: bytes, base: candidate.firstOffset)
        else {
          isDamaged = true
          continue
        }
        for (offset, slot) in zip(found.offsets, found.batch.slots) where offset < endOffset {
          events.append(.init(offset: offset, slot: slot, block: blocks.count))
        }
        blocks.append(bytes)
      }
    } catch let error where error.isDamage {
      isDamaged = true
    }
    events.sort { $0.offset < $1.offset }
    return Decoded(
      firstOffset: candidate.firstOffset, endOffset: endOffset, events: events, blocks: blocks,
      isDamaged: isDamaged, mask: candidate.blocks)
  }

  private func block(_ block: SegmentDirectory.Block) throws(SQLiteError) -> SharedBytes? {
    let stored = UnsafeMutableRawBufferPointer.allocate(byteCount: block.stored, alignment: 8)
    defer { stored.deallocate() }
    try blob.read(into: stored, at: block.offset)
    return codec.unpack(
      UnsafeRawBufferPointer(stored), codec: block.codec, size: block.size, checksum: block.checksum)
  }

  private func report(_ decoded: Decoded) {
    core.metrics.with { $0.damagedSegments += 1 }
    core.notify(
      .damagedSegment,
      "part of the events \(decoded.firstOffset) to \(decoded.endOffset - 1) is damaged; readers get a gap")
  }
}
