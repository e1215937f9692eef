/// Some of the events that wait, in order, and the sum of their estimated sizes.
struct Chunk {
  var events: [Event] = []
  var bytes = 0

  mutating func add(_ event: consuming Event, _ size: Int) {
    events.append(event)
    bytes += size
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
