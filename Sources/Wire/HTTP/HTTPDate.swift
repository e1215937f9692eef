/// Writing dates as HTTP wants them (RFC 9110 §5.6.7).
extension ByteWriter {
  /// Writes the seconds since 1970 as `Sun, 06 Nov 1994 08:49:37 GMT`.
  package mutating func append(httpDate seconds: Int) {
    let days = seconds / 86_400
    let time = seconds % 86_400
    let (year, month, day) = civil(days)
    append(HTTPDate.weekdays[(days + 4) % 7])
    append(", ")
    appendTwo(day)
    append(UInt8(ascii: " "))
    append(HTTPDate.months[month - 1])
    append(UInt8(ascii: " "))
    append(decimal: year)
    append(UInt8(ascii: " "))
    appendTwo(time / 3600)
    append(UInt8(ascii: ":"))
    appendTwo(time / 60 % 60)
    append(UInt8(ascii: ":"))
    appendTwo(time % 60)
    append(" GMT")
  }

  private mutating func appendTwo(_ value: Int) {
    append(UInt8(truncatingIfNeeded: 48 + value / 10))
    append(UInt8(truncatingIfNeeded: 48 + value % 10))
  }

  /// The date of a day since 1970 (Howard Hinnant, chrono-compatible low-level date algorithms).
  private func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
  }
}

private enum HTTPDate {
  static let weekdays: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
