/// Does something once a key, however often it is asked: get-or-create for receivers that may hear of a thing twice.
///
/// ```swift
/// let seen = Once<RecordID>()
/// let id = try await seen.once(note.dedupeKey) { try await database.insert(note) }
/// ```
///
/// Whoever asks while it is being done waits and gets the same value. A failure is not remembered.
public actor Once<Value: Sendable> {
  private var values: [String: Task<Value, any Error>] = [:]
  private var order = RingQueue<String>()
  private let limit: Int

  /// `limit`: keys that are remembered, the oldest is forgotten first. Default 10 000.
  public init(limit: Int = 10_000) { self.limit = max(limit, 1) }

  /// The value that `body` made the first time it was asked for this key. Cancelling a caller cancels nobody else.
  public func once(
    _ key: String, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    if let known = values[key] { return try await known.value }
    let task = Task { try await body() }
    values[key] = task
    order.append(key)
    while order.count > limit, let oldest = order.popFirst() { values[oldest] = nil }
    do { return try await task.value } catch {
      if values[key] == task { values[key] = nil }
      throw error
    }
  }

  /// Whether the key was asked for and did not fail.
  public func contains(_ key: String) -> Bool { values[key] != nil }
}
