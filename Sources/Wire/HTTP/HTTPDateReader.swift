/// Reading dates as HTTP has them (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older forms
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
extension Timestamp {
  package init?(httpDate text: String) {
    let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" })
    let (day, month, year, time): (Substring, Substring, Substring, Substring)
    switch words.count {
    case 6: (day, month, year, time) = (words[1], words[2], words[3], words[4])
    case 5: (day, month, year, time) = (words[2], words[1], words[4], words[3])
    default: return nil
    }
    guard words.count == 5 || words[5] == "GMT", let place = Self.months.firstIndex(of: String(month)),
      let day = Int(day), 1...31 ~= day, var year = Int(year)
    else { return nil }
    // Two digits: a year that is not far in the future.
    if year < 100 { year += year < 70 ? 2000 : 1900 }
    let clock = time.split(separator: ":").map { Int($0) }
    guard 1678...2261 ~= year, clock.count == 3, let hour = clock[0], let minute = clock[1],
      let second = clock[2], 0..<24 ~= hour, 0..<60 ~= minute, 0...60 ~= second
    else { return nil }
    let days = Self.days(Int64(year), Int64(place + 1), Int64(day))
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    self.init(nanoseconds: seconds * 1_000_000_000)
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
