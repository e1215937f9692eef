#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Readings of the system's clocks in integer nanoseconds.
package enum SystemTime {
  /// Nanoseconds of a clock that only goes forward; for deadlines and durations.
  package static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }

  /// Nanoseconds since 1970-01-01T00:00:00Z; for what is told to others.
  package static var wall: Int64 { Int64(read(CLOCK_REALTIME)) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

extension Duration {
  /// Whole nanoseconds, at least 0, at most 292 years.
  package var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < 9_000_000_000 else { return UInt64(Int64.max) }
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }

  /// Milliseconds rounded up, so that a short wait never becomes none.
  package var millisecondsRoundedUp: Int { Int((nanoseconds + 999_999) / 1_000_000) }
}
