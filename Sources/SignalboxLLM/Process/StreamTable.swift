/// Values by stream, for so many streams at once: the one that began longest ago is forgotten first, so that
/// streams which never end cost no memory for ever.
struct StreamTable<Value> {
  let limit: Int
  private(set) var values: [String: Value] = [:]
  /// Keys in the order in which they came; some may have ended.
  private var order: [String] = []
  private var first = 0

  init(limit: Int) { self.limit = max(1, limit) }

  /// Changes the value of a stream, which begins as `initial`. `evicted` gets the value that made room for it.
  mutating func update<Result>(
    _ key: String, initial: @autoclosure () -> Value, evicted: (Value) -> Void = { _ in },
    _ change: (inout Value) throws -> Result
  ) rethrows -> Result {
    if values.index(forKey: key) == nil {
      while values.count >= limit, first < order.count {
        if let old = values.removeValue(forKey: order[first]) { evicted(old) }
        first += 1
      }
      if first > limit {
        order.removeFirst(first)
        first = 0
      }
      order.append(key)
      values[key] = initial()
      if order.count - first > 4 * limit { dropEnded() }
    }
    return try change(&values[key, default: initial()])
  }

  mutating func remove(_ key: String) -> Value? { values.removeValue(forKey: key) }

  private mutating func dropEnded() {
    var seen: Set<String> = []
    order = order[first...].filter { values[$0] != nil && seen.insert($0).inserted }
    first = 0
  }
}

extension StreamTable: Sendable where Value: Sendable {}
