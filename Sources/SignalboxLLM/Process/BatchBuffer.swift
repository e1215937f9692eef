/// The bounds of a batch; times in nanoseconds.
struct BatchLimits: Sendable {
  var count: Int
  var bytes: Int
  var interval: Int64?
  var capacity: Int
  var capacityBytes: Int
  var overflow: Batch.Overflow
}

/// The events that wait for a handler: a batch that is being filled and those that are ready. Knows no time but
/// what it is told, and waits for nobody.
struct BatchBuffer {
  enum Admission: Equatable {
    case taken, discarded, full
  }

  private struct Part {
    var events: [StreamEvent] = []
    var bytes = 0

    /// How many bytes are gone with it.
    mutating func removeFirst() -> Int {
      let size = min(bytes, events.removeFirst().estimatedSize)
      bytes -= size
      return size
    }
  }

  let limits: BatchLimits
  private(set) var counts = BatchCounts()
  /// Events that are done with, whatever became of them; with `counts.taken` this is a ledger in order.
  private(set) var settled = 0
  /// When the batch that is being filled must be handed over.
  private(set) var deadline: Int64?
  private var filling = Part()
  private var ready: [Part] = []
  /// With the handler.
  private var inHand: Part?

  init(_ limits: BatchLimits) { self.limits = limits }

  var hasReady: Bool { !ready.isEmpty }

  func hasRoom(for bytes: Int) -> Bool {
    counts.waiting == 0
      || counts.waiting < limits.capacity && counts.waitingBytes + bytes <= limits.capacityBytes
  }

  /// `anyway`: take it even when there is no room.
  mutating func add(_ event: StreamEvent, bytes: Int, now: Int64, anyway: Bool = false) -> Admission {
    if !anyway, !hasRoom(for: bytes) {
      switch limits.overflow {
      case .wait: return .full
      case .dropNewest:
        counts.overflowed += 1
        return .discarded
      case .dropOldest:
        while !hasRoom(for: bytes) {
          guard dropOldest() else {
            counts.overflowed += 1
            return .discarded
          }
        }
      }
    }
    if filling.events.isEmpty {
      filling.events.reserveCapacity(min(limits.count, 128))
      if let interval = limits.interval { deadline = now + interval }
    }
    filling.events.append(event)
    filling.bytes += bytes
    counts.taken += 1
    counts.waiting += 1
    counts.waitingBytes += bytes
    if filling.events.count >= limits.count || filling.bytes >= limits.bytes { seal() }
    return .taken
  }

  /// Makes what is there ready to be handed over.
  mutating func seal() {
    guard !filling.events.isEmpty else { return }
    ready.append(filling)
    filling = Part()
    deadline = nil
  }

  /// Does so when its time has come.
  mutating func seal(at now: Int64) {
    if let deadline, deadline <= now { seal() }
  }

  /// The next batch for the handler; nil when none is ready or one is with it.
  mutating func take() -> [StreamEvent]? {
    guard inHand == nil, !ready.isEmpty else { return nil }
    let part = ready.removeFirst()
    inHand = part
    return part.events
  }

  mutating func failed() { counts.failures += 1 }

  /// The batch that was taken is done with.
  mutating func settle(isDelivered: Bool) {
    guard let part = inHand else { return }
    inHand = nil
    forget(part.events.count, part.bytes)
    if isDelivered {
      counts.batches += 1
      counts.delivered += part.events.count
    } else {
      counts.undelivered += part.events.count
    }
  }

  /// False when nothing waits that is not with the handler.
  private mutating func dropOldest() -> Bool {
    if !ready.isEmpty {
      drop(ready[0].removeFirst())
      if ready[0].events.isEmpty { ready.removeFirst() }
    } else if !filling.events.isEmpty {
      drop(filling.removeFirst())
      if filling.events.isEmpty { deadline = nil }
    } else {
      return false
    }
    return true
  }

  private mutating func drop(_ bytes: Int) {
    counts.overflowed += 1
    forget(1, bytes)
  }

  private mutating func forget(_ events: Int, _ bytes: Int) {
    settled += events
    counts.waiting -= events
    counts.waitingBytes -= bytes
  }
}
