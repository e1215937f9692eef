import Signalbox

/// A number of JSON, compared without rounding.
enum JSONNumber: Sendable {
  case int(Int64)
  case double(Double)

  /// `nil` for a value that is no number.
  init?(_ value: JSONValue) {
    switch value {
    case .int(let number): self = .int(number)
    case .double(let number): self = .double(number)
    default: return nil
    }
  }

  static func < (left: JSONNumber, right: JSONNumber) -> Bool {
    switch (left, right) {
    case (.int(let left), .int(let right)): left < right
    case (.double(let left), .double(let right)): left < right
    case (.int(let left), .double(let right)): order(left, right) < 0
    case (.double(let left), .int(let right)): order(right, left) > 0
    }
  }

  /// Negative when the integer is less, positive when it is greater.
  private static func order(_ int: Int64, _ double: Double) -> Int {
    if double >= 0x1p63 { return -1 }
    if double < -0x1p63 { return 1 }
    let whole = double.rounded(.towardZero)
    let other = Int64(whole)
    if int != other { return int < other ? -1 : 1 }
    return double == whole ? 0 : double > whole ? -1 : 1
  }

  /// Whether it is a whole multiple. Of decimal fractions the nearest multiple may be one unit in the last place
  /// away, since 0.3 is no exact multiple of 0.1 in binary.
  func isMultiple(of divisor: JSONNumber) -> Bool {
    if case (.int(let number), .int(let divisor)) = (self, divisor) { return number % divisor == 0 }
    let quotient = (double / divisor.double).rounded()
    return quotient.isFinite && abs(quotient * divisor.double - double) <= double.ulp
  }

  var double: Double {
    switch self {
    case .int(let number): Double(number)
    case .double(let number): number
    }
  }

  var json: JSONValue {
    switch self {
    case .int(let number): .int(number)
    case .double(let number): .double(number)
    }
  }
}

extension JSONValue {
  /// The form in which equal values of JSON Schema are equal: whole numbers as integers, members sorted by name,
  /// the first of a name alone. Counts the values that it looks at.
  func canonical(counting steps: inout Int) -> JSONValue {
    steps += 1
    switch self {
    case .double(let number): return Int64(exactly: number).map { .int($0) } ?? self
    case .array(let elements): return .array(elements.map { $0.canonical(counting: &steps) })
    case .object(let object):
      let members = Dictionary(object.members) { first, _ in first }.sorted { $0.key < $1.key }
      return .object(JSONObject(members.map { ($0.key, $0.value.canonical(counting: &steps)) }))
    default: return self
    }
  }
}
