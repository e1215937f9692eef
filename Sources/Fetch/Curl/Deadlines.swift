import Signalbox

/// The points in time at which a transfer has taken too long; nanoseconds of the monotonic clock.
///
/// libcurl's own low-speed limit counts in whole seconds and through pauses, so first byte, idle and total
/// are watched here; only the time to connect is libcurl's.
struct Deadlines {
  private var firstByte: UInt64?
  private var total: UInt64?
  private var idle: UInt64?
  private var lastBytes: UInt64?

  init() {}

  init(_ timeouts: FetchTimeouts, now: UInt64) {
    firstByte = timeouts.firstByte.map { now + $0.nanoseconds }
    total = timeouts.total.map { now + $0.nanoseconds }
    idle = timeouts.idle.map(\.nanoseconds)
  }

  mutating func sawBytes(at now: UInt64) { lastBytes = now }

  /// The next moment at which something may be due.
  func next(isPaused: Bool) -> UInt64? {
    var next = total ?? .max
    if let lastBytes {
      if let idle, !isPaused { next = min(next, lastBytes + idle) }
    } else if let firstByte {
      next = min(next, firstByte)
    }
    return next == .max ? nil : next
  }

  /// The stage whose time is up.
  func passed(at now: UInt64, isPaused: Bool) -> FetchError.Stage? {
    if let total, now >= total { return .total }
    guard let lastBytes else {
      if let firstByte, now >= firstByte { return .firstByte }
      return nil
    }
    if let idle, !isPaused, now >= lastBytes + idle { return .idle }
    return nil
  }
}
