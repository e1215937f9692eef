package import Wire

/// Reads what a server says about trying again: `retry-after-ms`, else `Retry-After` (RFC 9110 §10.2.3: seconds, here
/// also with decimals, or a date), and `x-should-retry`, which the official SDKs obey.
package enum RetryAfter {
  /// `headers` looks a header up, whatever its case. Nil when the server says nothing that can be read.
  package static func milliseconds(_ headers: (String) -> String?, now: Timestamp) -> Double? {
    milliseconds(headers("retry-after-ms"), seconds: headers("retry-after"), now: now)
  }

  package static func milliseconds(_ milliseconds: String?, seconds: String?, now: Timestamp) -> Double? {
    if let value = milliseconds.flatMap(number) { return value }
    guard let seconds else { return nil }
    if let value = number(seconds) { return value * 1000 }
    guard let date = Timestamp(httpDate: seconds) else { return nil }
    return max(0, Double(date.nanoseconds - now.nanoseconds) / 1e6)
  }

  package static func shouldRetry(_ headers: (String) -> String?) -> Bool? {
    shouldRetry(headers("x-should-retry"))
  }

  package static func shouldRetry(_ value: String?) -> Bool? {
    switch value?.lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
  }

  /// A number of at least 0; what overflows is a very long time, not nonsense.
  private static func number(_ text: String) -> Double? {
    guard let value = Double(text), value >= 0, text.utf8.allSatisfy({ "0123456789.".utf8.contains($0) })
    else { return nil }
    return min(value, 1e12)
  }
}
