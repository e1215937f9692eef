import Wire

/// A commit as it lies in the database.
struct TailRow {
  static let query = "SELECT first_offset, count, received, codec, size, checksum, bytes FROM tail"

  let firstOffset: UInt64
  let count: Int
  let received: Int64
  private let codec: Codec?
  private let size: Int
  private let checksum: UInt64
  /// Valid until the statement's next step.
  private let bytes: UnsafeRawBufferPointer

  init(_ row: Statement) {
    firstOffset = row.offset(0)
    count = Int(row.count(1))
    received = row.integer(2)
    codec = Codec(rawValue: row.integer(3))
    size = Int(row.integer(4))
    checksum = row.unsigned(5)
    bytes = row.blob(6)
  }

  var endOffset: UInt64 { firstOffset + UInt64(count) }

  /// The events; nil when they are damaged.
  func decode(_ blocks: BlockCodec) -> EventBatch? {
    guard let codec, let block = blocks.unpack(bytes, codec: codec, size: size, checksum: checksum),
      let events = EventBlock.events(in: block, base: firstOffset), events.offsets.count == count
    else { return nil }
    return events.batch
  }
}

extension EventBlock {
  /// The events of a block, with their slots found again; nil when the block is damaged.
  static func events(in block: SharedBytes, base: UInt64) -> (batch: EventBatch, offsets: [UInt64])? {
    let raw = block.raw
    var slots: [EventSlot] = []
    var offsets: [UInt64] = []
    var areEvents = true
    var scanner = EventRunScanner()
    let isWhole = forEach(in: raw, base: base) { offset, range in
      let event = UnsafeRawBufferPointer(rebasing: raw[range])
      guard let slot = scanner.scan(event, start: range.lowerBound) else {
        areEvents = false
        return
      }
      slots.append(slot)
      offsets.append(offset)
    }
    guard isWhole, areEvents else { return nil }
    return (EventBatch(bytes: block, slots: slots), offsets)
  }
}
