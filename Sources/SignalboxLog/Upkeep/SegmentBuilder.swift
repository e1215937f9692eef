import Wire

/// Makes a sealed segment of consecutive events: clustered by trace and span, in compressed blocks, with its
/// membership. Pure but for the compression.
struct SegmentBuilder {
  /// An event: its slot and the bytes of its batch, both of which outlive the building.
  struct Item {
    let offset: UInt64
    let slot: UnsafePointer<EventSlot>
    let bytes: UnsafeRawBufferPointer

    func field(_ field: EventField) -> UnsafeRawBufferPointer { bytes.field(field, of: slot.pointee) }
    var length: Int { slot.pointee.length }
  }

  struct Segment {
    let firstOffset: UInt64
    let count: Int
    /// Bytes before compression.
    let size: Int
    let directory: SegmentDirectory
    let bytes: SharedBytes
    /// By key, the blocks that hold it, a bit each.
    let members: [UInt64: UInt64]
    let types: Set<String>
  }

  private let codec: BlockCodec
  private let blockBytes: Int
  /// A trace in more blocks of a segment than this gets a membership of each of its spans too.
  static let fewBlocks = 4

  init(codec: BlockCodec, blockBytes: Int) {
    self.codec = codec
    self.blockBytes = blockBytes
  }

  /// `packed` is called after each block.
  func build(_ items: [Item], packed: () -> Void = {}) -> Segment {
    let size = items.reduce(0) { $0 + $1.length }
    // One bit a block: larger segments get larger blocks.
    let target = max(blockBytes, size / (SegmentDirectory.maxBlocks - 8))
    var blocks = Blocks(base: items[0].offset, codec: codec, size: size)
    for index in Self.clustered(items) where blocks.append(items[index], target: target) { packed() }
    blocks.close()
    return blocks.finish(count: items.count, size: size)
  }

  /// The blocks of a segment on their way.
  private struct Blocks: ~Copyable {
    let base: UInt64
    let codec: BlockCodec
    var directory = SegmentDirectory()
    var stored: ByteWriter
    var membership = Membership()
    var items: [Item] = []
    var length = 0

    init(base: UInt64, codec: BlockCodec, size: Int) {
      self.base = base
      self.codec = codec
      stored = ByteWriter(capacity: size / 4)
    }

    /// Adds an event; true when it filled a block.
    mutating func append(_ item: Item, target: Int) -> Bool {
      items.append(item)
      length += item.length
      guard length >= target else { return false }
      close()
      return true
    }

    /// Packs the events so far into a block.
    mutating func close() {
      guard !items.isEmpty else { return }
      var block = ByteWriter(capacity: length + items.count * 4 + 16)
      EventBlock.appendHead(items.map { (offset: $0.offset, length: $0.length) }, base: base, to: &block)
      for item in items {
        let start = item.slot.pointee.start
        block.append(UnsafeRawBufferPointer(rebasing: item.bytes[start..<start + item.length]))
        membership.note(item, block: directory.blocks.count)
      }
      let packed = codec.pack(block)
      stored.append(packed.bytes.raw)
      directory.append(packed)
      items.removeAll(keepingCapacity: true)
      length = 0
    }

    consuming func finish(count: Int, size: Int) -> Segment {
      Segment(
        firstOffset: base, count: count, size: size, directory: directory,
        bytes: SharedBytes(taking: stored), members: membership.keys(), types: membership.types)
    }
  }

  /// The order of the items by trace (or session), then span, then offset; traces and spans in the order of
  /// their first event.
  private static func clustered(_ items: [Item]) -> [Int] {
    var groups: [UInt64: UInt64] = [:]
    var spans: [UInt64: UInt64] = [:]
    func ordinal(_ key: UInt64, in known: inout [UInt64: UInt64]) -> UInt64 {
      let next = UInt64(known.count)
      let found = known[key, default: next]
      if found == next { known[key] = next }
      return found
    }
    var order = items.indices.map { index -> (UInt64, Int) in
      let item = items[index]
      let group = item.slot.pointee.trace.isPresent ? EventField.trace : .session
      let groupOrdinal = ordinal(stableHash(item.field(group)), in: &groups)
      let spanOrdinal = ordinal(stableHash(item.field(.span)), in: &spans)
      return (groupOrdinal << 32 | spanOrdinal, index)
    }
    order.sort { $0 < $1 }
    return order.map(\.1)
  }

  /// Collects in which blocks each value occurs.
  private struct Membership {
    private(set) var types: Set<String> = []
    private var masks: [UInt64: UInt64] = [:]
    /// Spans with the trace that all their events name, or 0.
    private var spans: [UInt64: (trace: UInt64, mask: UInt64)] = [:]
    /// The last key of each kind and where it was noted: neighbours mostly share theirs.
    private var last = [(key: UInt64, block: Int)](repeating: (0, -1), count: MemberKind.allCases.count + 1)

    mutating func note(_ item: Item, block: Int) {
      var trace: UInt64 = 0
      for kind in MemberKind.allCases where kind != .span && item.slot.pointee[kind.field].isPresent {
        let value = item.field(kind.field)
        let key = kind.key(value)
        if kind == .trace { trace = key }
        let index = Int(kind.rawValue)
        guard last[index] != (key, block) else { continue }
        last[index] = (key, block)
        let isNew = masks.updateValue((masks[key] ?? 0) | 1 << UInt64(block), forKey: key) == nil
        if isNew, kind == .type { types.insert(String(decoding: value, as: UTF8.self)) }
      }
      guard item.slot.pointee.span.isPresent else { return }
      let key = MemberKind.span.key(item.field(.span))
      guard last[Int(MemberKind.span.rawValue)] != (key, block) else { return }
      last[Int(MemberKind.span.rawValue)] = (key, block)
      let known = spans[key] ?? (trace, 0)
      spans[key] = (known.trace == trace ? trace : 0, known.mask | 1 << UInt64(block))
    }

    /// All keys. A span is found by its trace; only where the trace lies in many blocks, or there is none, it
    /// gets a key of its own: short spans would otherwise cost more than their events.
    func keys() -> [UInt64: UInt64] {
      var keys = masks
      for (key, span) in spans {
        if span.trace == 0 || masks[span.trace, default: 0].nonzeroBitCount > SegmentBuilder.fewBlocks {
          keys[key] = span.mask
        }
      }
      return keys
    }
  }
}
