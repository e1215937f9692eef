/// Values by stream, for so many streams at once: the one that began longest ago is forgotten first, so that
/// streams which never end cost no memory for ever.
struct StreamTable<Value> {
  let limit: Int
  private(set) var values: [String: Value] = [:]
  /// Keys in the order in which they came; some may have ended.
  private var order: [String] = []
  private var first = 0

  init(limit: Int) { self.limit = max(1, limit) }

  /// Changes the value of a stream, which begins as `initial`.
  mutating func update<Result>(
    _ key: String, initial: @autoclosure () -> Value, _ change: (inout Value) throws -> Result
  ) rethrows -> Result {
    if values.index(forKey: key) == nil {
      _ = makeRoom(for: key)
      order.append(key)
      values[key] = initial()
      if order.count - first > 4 * limit { dropEnded() }
    }
    return try change(&values[key, default: initial()])
  }

  /// Forgets what has to go before the stream can begin, and returns it.
  mutating func makeRoom(for key: String) -> [Value] {
    guard values.count >= limit, values.index(forKey: key) == nil else { return [] }
    var gone: [Value] = []
    while values.count >= limit, first < order.count {
      if let old = values.removeValue(forKey: order[first]) { gone.append(old) }
      first += 1
    }
    if first > limit {
      order.removeFirst(first)
      first = 0
    }
    return gone
  }

  mutating func remove(_ key: String) -> Value? { values.removeValue(forKey: key) }

  private mutating func dropEnded() {
    var seen: Set<String> = []
    order = order[first...].filter { values[$0] != nil && seen.insert($0).inserted }
    first = 0
  }
}

extension StreamTable: Sendable where Value: Sendable {}
