/// What of an event's `data` says nothing of what was talked about. What is not listed here is not shown.
package enum EventMetadata {
  /// Objects of which numbers, flags and the words of `words` are kept, however deep.
  private static let figures: Set<String> = ["usage", "timing", "cost"]
  /// Numbers and flags.
  private static let numbers: Set<String> = [
    "status", "stream", "retryable", "retry_after_ms", "fraction", "attempt", "attempts", "discard_from",
    "choice", "deltas", "dropped", "bytes", "messages", "tools", "duration_ms", "index", "count",
  ]
  /// Words out of a fixed vocabulary: only such that look like one are kept.
  private static let words: Set<String> = [
    "reason", "finish_reason", "channel", "operation", "budget", "provenance", "currency", "service_tier",
  ]
  /// What is kept of the members; nil: nothing.
  package static func of(_ data: JSONObject) -> JSONValue? {
    var kept = JSONObject()
    for (name, value) in data.members {
      if let value = Self.kept(name, value) { kept.members.append((name, value)) }
    }
    return kept.members.isEmpty ? nil : .object(kept)
  }

  private static func kept(_ name: String, _ value: JSONValue) -> JSONValue? {
    switch value {
    case .int, .double, .bool: numbers.contains(name) ? value : nil
    case .string(let text): words.contains(name) && isWord(text) ? value : nil
    case .object(let object) where figures.contains(name): figures(object)
    case .null, .array, .object: nil
    }
  }

  private static func figures(_ object: JSONObject) -> JSONValue {
    var kept = JSONObject()
    for (name, value) in object.members where isWord(name) {
      switch value {
      case .int, .double, .bool: kept.members.append((name, value))
      case .object(let inner): kept.members.append((name, figures(inner)))
      case .string(let text) where words.contains(name) && isWord(text): kept.members.append((name, value))
      case .string, .array, .null: break
      }
    }
    return .object(kept)
  }

  private static func isWord(_ text: String) -> Bool {
    1...32 ~= text.utf8.count
      && text.utf8.allSatisfy { 97...122 ~= $0 || 65...90 ~= $0 || 48...57 ~= $0 || $0 == UInt8(ascii: "_") }
  }
}
