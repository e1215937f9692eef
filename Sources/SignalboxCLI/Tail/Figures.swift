/// Durations, counts and times as a person reads them.
enum Figures {
  /// `8 ms`, `430 ms`, `1.42 s`, `12.3 s`, `3 min 04 s`, `2 h 05 min`.
  static func duration(milliseconds ms: Double) -> String {
    switch ms {
    case ..<0.95: "<1 ms"
    case ..<999.5: "\(Int(ms.rounded())) ms"
    case ..<9995: fixed(ms / 1000, 2) + " s"
    case ..<59_950: fixed(ms / 1000, 1) + " s"
    case ..<3_599_500:
      "\(Int((ms / 1000).rounded()) / 60) min \(twoDigits(Int((ms / 1000).rounded()) % 60)) s"
    default: "\(Int(ms / 60_000) / 60) h \(twoDigits(Int(ms / 60_000) % 60)) min"
    }
  }

  /// `9`, `1204`, `12.3k`, `1.2M`.
  static func count(_ value: Int) -> String {
    switch abs(value) {
    case ..<10_000: String(value)
    case ..<999_950: fixed(Double(value) / 1000, 1) + "k"
    default: fixed(Double(value) / 1_000_000, 1) + "M"
    }
  }

  /// `512 B`, `1.4 MB`, `20.0 GB`.
  static func bytes(_ value: Int) -> String {
    var amount = Double(value)
    guard amount >= 1000 else { return "\(value) B" }
    for unit in ["kB", "MB", "GB"] {
      amount /= 1000
      if amount < 999.95 { return fixed(amount, 1) + " " + unit }
    }
    return fixed(amount / 1000, 1) + " TB"
  }

  /// A number with a fixed count of decimals, rounded half away from zero.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    guard value.isFinite, abs(value) < 1e15 else { return value.description }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + String(scaled) }
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return sign + "\(scaled / scale).\(zeros)\(fraction)"
  }

  /// A number without a needless `.0`.
  static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : value.description
  }

  /// `HH:MM:SS` of a moment, `offset` seconds east of Greenwich.
  static func clock(nanoseconds: Int64, offset: Int) -> String {
    let second = nanoseconds / 1_000_000_000 + Int64(offset)
    let ofDay = Int(((second % 86_400) + 86_400) % 86_400)
    return "\(twoDigits(ofDay / 3600)):\(twoDigits(ofDay / 60 % 60)):\(twoDigits(ofDay % 60))"
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
