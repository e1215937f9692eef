import Wire

/// A piece of memory for small outgoing bytes, lent by the loop.
final class OutBlock {
  static let size = 16 << 10
  let base = UnsafeMutablePointer<UInt8>.allocate(capacity: OutBlock.size)
  var count = 0

  deinit { base.deallocate() }
}

/// A stretch of outgoing bytes and who keeps them alive.
struct OutSegment {
  enum Owner {
    case block(OutBlock)
    case shared(SharedBytes)
  }

  let owner: Owner
  let base: UnsafePointer<UInt8>
  var from: Int
  var to: Int

  var count: Int { to - from }
}

/// Outgoing bytes in order: small ones copied into blocks, shared ones by reference.
struct OutQueue {
  private var segments: [OutSegment] = []
  private var first = 0
  /// Bytes waiting here.
  private(set) var bytes = 0

  var isEmpty: Bool { bytes == 0 }

  mutating func append(_ data: UnsafeRawBufferPointer, _ shared: LoopShared) {
    guard data.count > 0 else { return }
    guard data.count <= OutBlock.size else {
      return append(SharedBytes(copying: data), 0, data.count)
    }
    var rest = data
    if first < segments.count, case .block(let block) = segments[segments.count - 1].owner {
      let fits = min(rest.count, OutBlock.size - block.count)
      if fits > 0 {
        (block.base + block.count).update(
          from: rest.assumingMemoryBound(to: UInt8.self).baseAddress!, count: fits)
        block.count += fits
        segments[segments.count - 1].to += fits
        bytes += fits
        rest = UnsafeRawBufferPointer(rebasing: rest[fits...])
      }
    }
    guard rest.count > 0 else { return }
    let block = shared.takeBlock()
    block.base.update(from: rest.assumingMemoryBound(to: UInt8.self).baseAddress!, count: rest.count)
    block.count = rest.count
    add(OutSegment(owner: .block(block), base: UnsafePointer(block.base), from: 0, to: rest.count))
  }

  /// Queues `data[from..<to]` without a copy; adjoining ranges of the same bytes become one.
  mutating func append(_ data: SharedBytes, _ from: Int, _ to: Int) {
    guard from < to else { return }
    if first < segments.count, case .shared(let last) = segments[segments.count - 1].owner, last === data,
      segments[segments.count - 1].to == from
    {
      segments[segments.count - 1].to = to
      bytes += to - from
      return
    }
    add(OutSegment(owner: .shared(data), base: data.base, from: from, to: to))
  }

  private mutating func add(_ segment: OutSegment) {
    segments.append(segment)
    bytes += segment.count
  }

  /// The first segments, at most `limit`.
  func prefix(_ limit: Int) -> ArraySlice<OutSegment> { segments[first...].prefix(limit) }

  /// Takes the first segments out, at most `limit`.
  mutating func takePrefix(_ limit: Int) -> [OutSegment] {
    let taken = Array(prefix(limit))
    first += taken.count
    for segment in taken { bytes -= segment.count }
    tidy()
    return taken
  }

  /// Forgets the first `count` bytes, which were written.
  mutating func consume(_ count: Int, _ shared: LoopShared) {
    var rest = count
    bytes -= count
    while rest > 0 {
      let size = segments[first].count
      if size > rest {
        segments[first].from += rest
        break
      }
      rest -= size
      if case .block(let block) = segments[first].owner { shared.giveBack(block) }
      first += 1
    }
    tidy()
  }

  mutating func removeAll() { self = OutQueue() }

  /// Lets go of what was written; room for a few segments stays.
  private mutating func tidy() {
    if first == segments.count {
      segments.removeAll(keepingCapacity: segments.capacity <= 4)
      first = 0
    } else if first >= 64, first * 2 >= segments.count {
      segments.removeFirst(first)
      first = 0
    }
  }
}
