import Wire

/// Reads the blocks of sealed segments that are asked for, and keeps the last: a reader that pages through a
/// segment decodes it once.
final class SegmentReader {
  /// The events of some blocks of a segment, by offset. Only where each lies is known; its members are found
  /// again when somebody asks for it.
  struct Decoded {
    struct Event {
      let offset: UInt64
      /// Index into `blocks`, and the event's place there.
      let block: UInt32
      let start: UInt32
      let length: UInt32
    }

    let firstOffset: UInt64
    let endOffset: UInt64
    let events: [Event]
    let blocks: [SharedBytes]
    /// Some blocks, or the directory, could not be read.
    let isDamaged: Bool
    fileprivate let mask: UInt64

    /// The event's slot within its block; nil when its bytes make no sense. The scanner is used with events of this
    /// segment only, which outlives it.
    func slot(_ event: Event, _ scanner: inout EventRunScanner) -> EventSlot? {
      let (start, length) = (Int(event.start), Int(event.length))
      return scanner.scan(blocks[Int(event.block)][start..<start + length], start: start)
    }
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
    let endOffset = candidate.firstOffset + find.count(0)
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
        guard let bytes = try self.block(block) else {
          isDamaged = true
          continue
        }
        let number = UInt32(blocks.count)
        let isWhole = EventBlock.forEach(in: bytes.raw, base: candidate.firstOffset) { offset, range in
          guard offset < endOffset else { return }
          events.append(
            .init(
              offset: offset, block: number, start: UInt32(range.lowerBound), length: UInt32(range.count)))
        }
        if isWhole { blocks.append(bytes) } else { isDamaged = true }
      }
    } catch let error where error.isDamage {
      isDamaged = true
    }
    return Decoded(
      firstOffset: candidate.firstOffset, endOffset: endOffset,
      events: Self.ordered(events, from: candidate.firstOffset, to: endOffset), blocks: blocks,
      isDamaged: isDamaged, mask: candidate.blocks)
  }

  /// The events by offset: each is put where its offset says, as offsets are dense.
  private static func ordered(_ events: [Decoded.Event], from base: UInt64, to end: UInt64) -> [Decoded.Event]
  {
    var places = [Int32](repeating: -1, count: Int(end - base))
    for (index, event) in events.enumerated() { places[Int(event.offset - base)] = Int32(index) }
    return places.lazy.filter { $0 >= 0 }.map { events[Int($0)] }
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
