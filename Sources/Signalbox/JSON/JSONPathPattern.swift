/// Which places of a JSON value are meant, in a subset of JSONPath (RFC 9535): `$` is the whole value, `.name`
/// and `["name"]` are members, `[3]` is an element, `.*` and `[*]` are all members or elements, and two dots
/// reach any depth: `$.items[*]`, `$..id`, `$..*`. At most 62 segments.
public struct JSONPathPattern: Sendable, Hashable, CustomStringConvertible {
  enum Selector: Sendable, Hashable {
    case name(String)
    case index(Int)
    case any
  }

  struct Segment: Sendable, Hashable {
    var selector: Selector
    /// Whether any number of steps may come before the selected one.
    var isDescendant: Bool
  }

  public let description: String
  let segments: [Segment]

  /// `nil` when the text is no such pattern.
  public init?(validating text: String) {
    var reader = JSONPathPatternReader(text)
    guard let segments = reader.segments() else { return nil }
    description = text
    self.segments = segments
  }

  /// Whether the path is one of those meant.
  public func matches(_ path: JSONPath) -> Bool {
    let reached = path.steps.reduce(Self.start) { advance($0, by: $1) }
    return accepts(reached)
  }

  /// The same, for `switch`.
  public static func ~= (pattern: JSONPathPattern, path: JSONPath) -> Bool { pattern.matches(path) }
}

extension JSONPathPattern: ExpressibleByStringLiteral {
  /// Stops the program when the literal is no pattern: that is a mistake in the source.
  public init(stringLiteral text: String) {
    guard let pattern = JSONPathPattern(validating: text) else {
      preconditionFailure("\"\(text)\" is no path pattern: write $.name, $.items[*] or $..name")
    }
    self = pattern
  }
}

// MARK: Matching step by step

/// A set of segments that the steps so far have reached, a bit each: a pattern is a nondeterministic automaton
/// of at most 63 states, so that following it costs a few operations a step and nothing is looked at twice.
extension JSONPathPattern {
  static let start: UInt64 = 1

  func accepts(_ reached: UInt64) -> Bool { reached >> UInt64(segments.count) & 1 == 1 }

  func advance(_ reached: UInt64, by step: JSONPath.Step) -> UInt64 {
    guard reached != 0 else { return 0 }
    var next: UInt64 = 0
    for (place, segment) in segments.enumerated() where reached >> UInt64(place) & 1 == 1 {
      if segment.isDescendant { next |= 1 << UInt64(place) }
      let selects =
        switch (segment.selector, step) {
        case (.any, _): true
        case (.name(let wanted), .key(let name)): wanted == name
        case (.index(let wanted), .index(let index)): wanted == index
        default: false
        }
      if selects { next |= 1 << UInt64(place + 1) }
    }
    return next
  }
}

/// Reads the text of a pattern.
private struct JSONPathPatternReader {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  mutating func segments() -> [JSONPathPattern.Segment]? {
    guard take("$") else { return nil }
    var segments: [JSONPathPattern.Segment] = []
    while !rest.isEmpty {
      guard segments.count < 62, let segment = segment() else { return nil }
      segments.append(segment)
    }
    return segments
  }

  private mutating func segment() -> JSONPathPattern.Segment? {
    if take("[") { return bracket().map { .init(selector: $0, isDescendant: false) } }
    guard take(".") else { return nil }
    let isDescendant = take(".")
    let selector: JSONPathPattern.Selector?
    if take("*") {
      selector = .any
    } else if isDescendant, take("[") {
      selector = bracket()
    } else {
      let name = takeWhile(JSONPath.isNameByte)
      selector = name.isEmpty || 48...57 ~= name.utf8.first ?? 0 ? nil : .name(name)
    }
    return selector.map { .init(selector: $0, isDescendant: isDescendant) }
  }

  private mutating func bracket() -> JSONPathPattern.Selector? {
    let selector: JSONPathPattern.Selector?
    if take("*") {
      selector = .any
    } else if rest.first == UInt8(ascii: "\"") {
      selector = quoted().map { .name($0) }
    } else {
      let digits = takeWhile { 48...57 ~= $0 }
      selector = Int(digits).map { .index($0) }
    }
    return take("]") ? selector : nil
  }

  /// A name in double quotes, escaped as in JSON.
  private mutating func quoted() -> String? {
    var end = rest.index(after: rest.startIndex)
    while end < rest.endIndex, rest[end] != UInt8(ascii: "\"") {
      if rest[end] == UInt8(ascii: "\\") { end = rest.index(after: end) }
      guard end < rest.endIndex else { return nil }
      end = rest.index(after: end)
    }
    guard end < rest.endIndex else { return nil }
    let text = rest[...end]
    rest = rest[rest.index(after: end)...]
    return (try? JSONValue(parsing: text))?.string
  }

  private mutating func take(_ text: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: text) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func takeWhile(_ belongs: (UInt8) -> Bool) -> String {
    let taken = rest.prefix(while: belongs)
    rest = rest[taken.endIndex...]
    return String(Substring(taken))
  }
}
