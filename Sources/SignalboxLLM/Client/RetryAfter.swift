internal import Wire

/// How long a provider asks to wait.
enum RetryAfter {
  /// Milliseconds, from `retry-after-ms` or from the seconds of `Retry-After` (RFC 9110 §10.2.3).
  static func milliseconds(_ header: (String) -> String?, at now: Timestamp) -> Double? {
    let asked =
      header("retry-after-ms").flatMap { Double($0) }
      ?? header("retry-after").flatMap { Double($0) }.map { $0 * 1000 }
    guard let asked, asked.isFinite, asked >= 0 else { return nil }
    return asked
  }
}
