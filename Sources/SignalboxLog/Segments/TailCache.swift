import Wire

/// The last commits, in memory until they are sealed, with their membership: readers at the tail, and the
/// merge, need not read them back.
final class TailCache: Sendable {
  struct Entry: Sendable {
    let committed: CommittedBatch
    /// The membership of its events, ascending: spans, traces, sessions, chains and requests.
    let keys: [UInt64]
    /// The latest `received` of its events.
    let received: Int64
  }

  private struct State {
    var entries: [Entry] = []
    var bytes = 0
  }

  private let state = Guarded(State())
  private let maxBytes: Int

  init(maxBytes: Int) { self.maxBytes = maxBytes }

  func append(_ entry: Entry) {
    state.with { state in
      state.entries.append(entry)
      state.bytes += Self.cost(entry)
      var dropped = 0
      while state.bytes > maxBytes, dropped < state.entries.count - 1 {
        state.bytes -= Self.cost(state.entries[dropped])
        dropped += 1
      }
      state.entries.removeFirst(dropped)
    }
  }

  /// Forgets what is sealed now: all before `offset`.
  func drop(before offset: UInt64) {
    state.with { state in
      let kept = state.entries.firstIndex { $0.committed.endOffset > offset } ?? state.entries.endIndex
      for entry in state.entries[..<kept] { state.bytes -= Self.cost(entry) }
      state.entries.removeFirst(kept)
    }
  }

  func clear() { state.with { $0 = State() } }

  /// The entries now, in order and without holes up to the tip.
  var entries: [Entry] { state.with { $0.entries } }

  /// What an entry holds on to: its bytes, its slots and some room for the objects.
  private static func cost(_ entry: Entry) -> Int {
    entry.committed.bytes.count + entry.committed.count * MemoryLayout<EventSlot>.stride
      + entry.keys.count * 8 + 256
  }
}

extension [UInt64] {
  /// Whether the ascending array holds the key.
  func containsSorted(_ key: UInt64) -> Bool {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low < endIndex && self[low] == key
  }
}
