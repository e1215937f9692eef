/// What some events come to, kept as they come and go, so that nobody has to walk over them under a lock.
struct Holdings {
  var count = 0
  /// Estimated.
  var bytes = 0
  /// Events as they were emitted: a merged delta weighs what it was merged from.
  var weight = 0
  var deltas = 0
  /// Events that open or end nothing, deltas among them.
  var passing = 0

  mutating func add(_ event: borrowing Event, _ size: Int) {
    count += 1
    bytes += size
    weight += Int(event.count)
    if event.phase == .delta { deltas += 1 }
    if event.phase?.isLifecycle != true { passing += 1 }
  }

  mutating func remove(_ other: Holdings) {
    count -= other.count
    bytes -= other.bytes
    weight -= other.weight
    deltas -= other.deltas
    passing -= other.passing
  }

  /// The last delta took another one in.
  mutating func merge(_ event: Event, growth: Int) {
    bytes += growth
    weight += Int(event.count)
  }
}

/// Some of the events that wait, in order.
struct Chunk {
  var events: [Event] = []
  var held = Holdings()

  mutating func add(_ event: consuming Event, _ size: Int) {
    held.add(event, size)
    events.append(event)
  }
}

/// Chunks, first in first out, without moving them at every step.
struct ChunkQueue {
  private var chunks: [Chunk] = []
  private var head = 0

  var places: Range<Int> { head..<chunks.count }
  var isEmpty: Bool { head == chunks.count }
  var first: Chunk? { isEmpty ? nil : chunks[head] }

  subscript(place: Int) -> Chunk {
    get { chunks[place] }
    set { chunks[place] = newValue }
    _modify { yield &chunks[place] }
  }

  mutating func append(_ chunk: Chunk) { chunks.append(chunk) }

  mutating func removeLast() -> Chunk { chunks.removeLast() }

  @discardableResult
  mutating func removeFirst() -> Chunk {
    let chunk = chunks[head]
    chunks[head] = Chunk()
    head += 1
    if head == chunks.count {
      chunks.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 64, head * 2 >= chunks.count {
      chunks.removeFirst(head)
      head = 0
    }
    return chunk
  }
}
