#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The clock for deadlines and durations.
package enum SystemTime {
  /// Nanoseconds of a clock that only goes forward.
  package static var monotonic: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
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
