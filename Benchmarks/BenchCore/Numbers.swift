extension Double {
  /// Three digits that matter, with k and M beyond ten thousand.
  public var short: String {
    let size = magnitude
    if size >= 1e6 { return (self / 1e6).fixed(2) + " M" }
    if size >= 1e4 { return (self / 1e3).fixed(0) + " k" }
    if size >= 100 { return fixed(0) }
    let digits = size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4
    return fixed(digits).withoutTrailingZeros
  }

  /// With that many decimals.
  public func fixed(_ digits: Int) -> String {
    guard isFinite, magnitude < 1e15 else { return "\(self)" }
    let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
    let whole = Int((magnitude * Double(scale)).rounded())
    let sign = self < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let rest = String(whole % scale)
    return "\(sign)\(whole / scale)." + String(repeating: "0", count: digits - rest.count) + rest
  }
}

extension String {
  fileprivate var withoutTrailingZeros: String {
    guard contains(".") else { return self }
    var text = self
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  func padded(to width: Int, right: Bool = false) -> String {
    let missing = String(repeating: " ", count: max(right ? 0 : 1, width - count))
    return right ? missing + self : self + missing
  }
}
