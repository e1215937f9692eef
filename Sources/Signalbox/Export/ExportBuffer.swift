import Wire

/// The bounded buffer before an exporter: a pure value, no I/O, no clock, no lock.
///
/// Events lie in chunks of a batch's size, so that taking or thinning out the oldest batch leaves the
/// others alone.
struct ExportBuffer {
  struct Limits {
    /// Events that may be held, those being sent included.
    var events = 1000
    /// Estimated bytes that may be held, those being sent included.
    var bytes = 8 << 20
    /// Largest single event.
    var eventBytes = 1 << 20
    /// A merged delta grows no further than that, so that merging costs each event the same.
    var mergedBytes = 2048
    /// Events of `events` that only starts and ends may use.
    var reserved: Int { events / 10 }
  }

  private struct Gap {
    var dropped = 0
    var bytes = 0
    var since: Int64
  }

  private let limits: Limits
  private let batching: Batching
  private let policy: OverflowPolicy
  /// Full chunks, oldest first, then the one that is being filled.
  private var full = ChunkQueue()
  private var tail = Chunk()
  private var held = Holdings()
  /// The batch being sent.
  private var sending: Holdings?
  /// Deltas that came since the last merging pass: another pass is worth its time when a quarter is new.
  private var deltasSinceMerge = 0
  private var gap: Gap?
  private var nextSequence: Int64 = 0
  private var booked = Emitter.Ledger()

  init(limits: Limits, batching: Batching, policy: OverflowPolicy) {
    self.limits = limits
    self.batching = batching
    self.policy = policy
    tail.events.reserveCapacity(batching.events)
  }

  /// Events that wait.
  var count: Int { held.count }
  var isEmpty: Bool { held.count == 0 && gap == nil }
  /// Whether nothing waits and nothing is being sent.
  var isIdle: Bool { isEmpty && sending == nil }
  var ledger: Emitter.Ledger {
    var ledger = booked
    ledger.buffered = held.weight + (sending?.weight ?? 0)
    return ledger
  }
  var isHalfFull: Bool { (held.count + (sending?.count ?? 0)) * 2 > limits.events }
  /// Whether a whole batch waits.
  var hasBatch: Bool { held.count >= batching.events || held.bytes >= batching.bytes || !full.isEmpty }

  // MARK: In

  /// Takes an event in, or counts it as dropped. `size` is its estimated size: it is worked out before the
  /// lock is taken that guards this buffer.
  mutating func append(_ event: consuming Event, size: Int) {
    booked.emitted += Int(event.count)
    if event.phase == .delta { deltasSinceMerge += 1 }
    if size > limits.eventBytes { return drop(event, size) }
    if hasRoom(for: event.phase, size) || makeRoom(for: event, size) { push(event, size) }
  }

  private mutating func push(_ event: consuming Event, _ size: Int) {
    let isFull = tail.held.bytes > 0 && tail.held.bytes + size > batching.bytes
    if tail.events.count >= batching.events || isFull {
      full.append(tail)
      tail = Chunk()
      tail.events.reserveCapacity(batching.events)
    }
    held.add(event, size)
    tail.add(event, size)
  }

  // MARK: Room

  private func hasRoom(for phase: EventPhase?, _ size: Int) -> Bool {
    let limit = phase?.isLifecycle == true ? limits.events : limits.events - limits.reserved
    return held.count + (sending?.count ?? 0) < limit
      && held.bytes + (sending?.bytes ?? 0) + size <= limits.bytes
  }

  /// Makes room by the policy; false when the event was merged or dropped instead.
  private mutating func makeRoom(for event: Event, _ size: Int) -> Bool {
    if policy != .dropNewest {
      if mergeIntoLast(event, size) { return false }
      if deltasSinceMerge >= limits.events / 4 {
        mergeAll()
        if hasRoom(for: event.phase, size) { return true }
      }
    }
    if event.phase == .delta, policy != .mergeThenDropOldest {
      drop(event, size)
      return false
    }
    // Deltas give way first, then, for a start or an end, events that open or end nothing.
    if held.deltas > 0 { evict(where: \.deltas) { $0.phase == .delta } }
    if held.passing > 0, !hasRoom(for: event.phase, size), event.phase?.isLifecycle == true {
      evict(where: \.passing) { $0.phase?.isLifecycle != true }
    }
    if hasRoom(for: event.phase, size) { return true }
    drop(event, size)
    return false
  }

  private mutating func drop(_ event: Event, _ size: Int) {
    booked.dropped += Int(event.count)
    if gap == nil { gap = Gap(since: event.time) }
    gap?.dropped += Int(event.count)
    gap?.bytes += size
  }

  /// Drops what may go out of one chunk, the oldest or newest that has any: a pass over one chunk then makes
  /// room for many events.
  private mutating func evict(where counted: KeyPath<Holdings, Int>, _ mayGo: (Event) -> Bool) {
    full.append(tail)
    tail = Chunk()
    let newestFirst = policy != .mergeThenDropOldest
    for place in newestFirst ? Array(full.places.reversed()) : Array(full.places) {
      guard full[place].held[keyPath: counted] > 0 else { continue }
      let chunk = full[place]
      full[place] = Chunk()
      held.remove(chunk.held)
      for event in chunk.events {
        let size = event.estimatedSize
        if mayGo(event) {
          drop(event, size)
        } else {
          full[place].add(event, size)
          held.add(event, size)
        }
      }
      break
    }
    tail = full.removeLast()
  }

  private mutating func takeAll() -> [Event] {
    let events = full.places.flatMap { full[$0].events } + tail.events
    full = ChunkQueue()
    tail = Chunk()
    held = Holdings()
    return events
  }

  // MARK: Merging

  private mutating func mergeIntoLast(_ event: Event, _ size: Int) -> Bool {
    guard event.phase == .delta, let last = tail.events.indices.last,
      held.bytes + (sending?.bytes ?? 0) + size <= limits.bytes,
      tail.events[last].estimatedSize < limits.mergedBytes,
      let merged = tail.events[last].merged(with: event)
    else { return false }
    let growth = merged.estimatedSize - tail.events[last].estimatedSize
    tail.events[last] = merged
    tail.held.merge(event, growth: growth)
    held.merge(event, growth: growth)
    return true
  }

  /// Merges what is adjacent within its span. Order within each span is kept.
  private mutating func mergeAll() {
    var kept: [Event] = []
    var lastOfSpan: [SpanID: Int] = [:]
    for event in takeAll() {
      guard let span = event.context.spanID else {
        kept.append(event)
        continue
      }
      if let place = lastOfSpan[span], kept[place].estimatedSize < limits.mergedBytes,
        let merged = kept[place].merged(with: event)
      {
        kept[place] = merged
      } else {
        lastOfSpan[span] = kept.count
        kept.append(event)
      }
    }
    for event in kept { push(event, event.estimatedSize) }
    deltasSinceMerge = 0
  }

  // MARK: Out

  /// The oldest events, at most a batch; `nil` when nothing waits. `settle` must follow.
  mutating func take(producer: String, now: Int64) -> ExportBatch? {
    guard sending == nil else { return nil }
    announceGap(now: now)
    guard held.count > 0 else { return nil }
    while let first = full.first, first.events.isEmpty { full.removeFirst() }
    let chunk: Chunk
    if full.first != nil {
      chunk = full.removeFirst()
    } else {
      chunk = tail
      tail = Chunk()
      tail.events.reserveCapacity(batching.events)
    }
    held.remove(chunk.held)
    sending = chunk.held
    defer { nextSequence += Int64(chunk.events.count) }
    return ExportBatch(events: chunk.events, producer: producer, firstSequence: nextSequence)
  }

  /// Books the batch that was taken: `dropped` of its events, as they were emitted, did not arrive.
  mutating func settle(dropped: Int) {
    guard let sending else { return }
    booked.sent += sending.weight - dropped
    booked.dropped += dropped
    self.sending = nil
  }

  /// Gives up everything that waits.
  mutating func discard() {
    booked.dropped += held.weight
    _ = takeAll()
    gap = nil
  }

  /// Puts an event in that says what was dropped since the last one.
  mutating func announceGap(now: Int64) {
    guard let gap else { return }
    self.gap = nil
    var since = ByteWriter(capacity: 40)
    since.append(rfc3339: Timestamp(nanoseconds: gap.since))
    let data: JSONValue = [
      "dropped": .int(Int64(gap.dropped)), "bytes": .int(Int64(gap.bytes)), "reason": "buffer_full",
      "since": .string(since.string),
    ]
    let event = Event(.gap, data, time: now, context: Context())
    booked.emitted += 1
    push(event, event.estimatedSize)
  }
}
