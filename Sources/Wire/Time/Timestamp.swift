#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A moment as nanoseconds since 1970-01-01T00:00:00Z, from 1677 to 2262; on the wire RFC 3339 with a zone.
package struct Timestamp: Hashable, Comparable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

  /// The machine's wall clock.
  package static func now() -> Timestamp {
    var spec = timespec()
    clock_gettime(CLOCK_REALTIME, &spec)
    return Timestamp(nanoseconds: Int64(spec.tv_sec) * 1_000_000_000 + Int64(spec.tv_nsec))
  }

  /// Reads RFC 3339: date, `T` or a space, time with up to nine decimals, and a zone (`Z` or `±hh:mm`).
  /// A text without a zone is refused: it would mean another moment on every machine.
  package init?(rfc3339 text: UnsafeRawBufferPointer) {
    var at = 0
    func number(_ digits: Int) -> Int64? {
      guard at + digits <= text.count else { return nil }
      var value: Int64 = 0
      for _ in 0..<digits {
        let digit = text[at] &- 48
        guard digit < 10 else { return nil }
        value = value * 10 + Int64(digit)
        at += 1
      }
      return value
    }
    func take(_ expected: UInt8) -> Bool {
      guard at < text.count, text[at] == expected else { return false }
      at += 1
      return true
    }
    guard let year = number(4), take(0x2D), let month = number(2), take(0x2D), let day = number(2),
      at < text.count, text[at] == 0x54 || text[at] == 0x74 || text[at] == 0x20
    else { return nil }
    at += 1
    guard let hour = number(2), take(0x3A), let minute = number(2), take(0x3A), let second = number(2),
      (1678...2261).contains(year), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
      second <= 60
    else { return nil }
    var fraction: Int64 = 0
    if take(0x2E) {
      var scale: Int64 = 100_000_000
      let first = at
      while at < text.count, text[at] &- 48 < 10 {
        fraction += Int64(text[at] &- 48) * scale
        scale /= 10
        at += 1
      }
      guard at > first else { return nil }
    }
    var zone: Int64 = 0
    guard at < text.count else { return nil }
    let sign = text[at]
    at += 1
    switch sign {
    case 0x5A, 0x7A: break
    case 0x2B, 0x2D:
      guard let hours = number(2), take(0x3A), let minutes = number(2), hours < 24, minutes < 60 else {
        return nil
      }
      zone = (hours * 60 + minutes) * (sign == 0x2D ? -60 : 60)
    default: return nil
    }
    guard at == text.count else { return nil }
    let seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zone
    // In UTC too, which is how it is written: a zone, or a leap second, leads out of the first or the last year.
    guard (Self.days(1678, 1, 1) * 86_400..<Self.days(2262, 1, 1) * 86_400).contains(seconds) else {
      return nil
    }
    nanoseconds = seconds * 1_000_000_000 + fraction
  }

  /// Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level
  /// date algorithms", days_from_civil).
  static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The inverse of `days` (civil_from_days of the same source).
  fileprivate static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let z = day + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let mp = (5 * dayOfYear + 2) / 153
    let month = mp < 10 ? mp + 3 : mp - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * mp + 2) / 5 + 1)
  }
}

extension ByteWriter {
  /// Writes a moment as `2026-11-21T04:57:55.400000Z`: microseconds, or nanoseconds where there are any.
  package mutating func append(rfc3339 time: Timestamp) {
    var seconds = time.nanoseconds / 1_000_000_000
    var fraction = time.nanoseconds % 1_000_000_000
    if fraction < 0 {
      fraction += 1_000_000_000
      seconds -= 1
    }
    var day = seconds / 86_400
    var rest = seconds % 86_400
    if rest < 0 {
      rest += 86_400
      day -= 1
    }
    let date = Timestamp.date(ofDay: day)
    appendUninitialized(30) { text in
      var at = 0
      func put(_ value: Int64, _ digits: Int, then separator: UInt8) {
        var rest = UInt32(truncatingIfNeeded: value)
        for place in stride(from: at + digits - 1, through: at, by: -1) {
          text[place] = UInt8(truncatingIfNeeded: rest % 10) &+ 48
          rest /= 10
        }
        text[at + digits] = separator
        at += digits + 1
      }
      put(date.year, 4, then: 0x2D)
      put(date.month, 2, then: 0x2D)
      put(date.day, 2, then: 0x54)
      put(rest / 3600, 2, then: 0x3A)
      put(rest / 60 % 60, 2, then: 0x3A)
      put(rest % 60, 2, then: 0x2E)
      if fraction % 1000 == 0 { put(fraction / 1000, 6, then: 0x5A) } else { put(fraction, 9, then: 0x5A) }
      return at
    }
  }
}
