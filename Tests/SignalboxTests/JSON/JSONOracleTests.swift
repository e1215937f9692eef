import Foundation
import Signalbox
import Testing

/// Random texts, against Foundation's parser.
@Suite struct JSONOracleTests {
  /// A small generator with a seed (SplitMix64), so that what fails, fails again.
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  @Test(arguments: 0..<40) func validTexts(_ seed: UInt64) throws {
    var generator = Generator(state: seed)
    for _ in 0..<50 {
      let text = Self.text(depth: 4, &generator)
      let expected = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
      let outcome = Self.read(text, &generator)
      let value = try #require(outcome.value)
      #expect(outcome.error == nil, "\(text)")
      #expect(Self.same(value, expected), "\(text) became \(value)")
      // What we write, we read.
      #expect(try Self.same(JSONValue(parsing: value.description), expected))
    }
  }

  /// A byte changed, left out or put in: both refuse, or both read the same.
  @Test(arguments: 0..<40) func brokenTexts(_ seed: UInt64) {
    var generator = Generator(state: 1000 + seed)
    let bytes = Array("{}[]\",:\\ue0123-+.nt \n\u{1}/x".utf8)
    for _ in 0..<100 {
      var text = Array(Self.text(depth: 3, &generator).utf8)
      let place = Int.random(in: 0..<text.count, using: &generator)
      let byte = bytes.randomElement(using: &generator) ?? 0
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: text[place] = byte
      case 1: text.remove(at: place)
      default: text.insert(byte, at: place)
      }
      // Foundation's parser refuses half a surrogate pair, and is of several minds about names given twice.
      guard let shown = String(validating: text, as: UTF8.self), !shown.contains("\\ud") else { continue }
      let expected = try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
      let outcome = Self.read(shown, &generator)
      if let expected {
        #expect(outcome.error == nil, "\(shown)")
        if let value = outcome.value, !Self.repeatsNames(value) {
          #expect(Self.same(value, expected), "\(shown) became \(value)")
        }
      } else {
        #expect(outcome.error != nil, "\(shown) became \(String(describing: outcome.value))")
      }
    }
  }

  /// In pieces of random lengths, watching that the value only grows.
  static func read(_ text: String, _ generator: inout Generator) -> Outcome {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let length = Int.random(in: 1...9, using: &generator)
      pieces.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    var last: JSONValue?
    return SignalboxTests.read(pieces, PartialJSON(.strict)) {
      #expect(grew(last, into: $0))
      last = $0
    }
  }

  static func text(depth: Int, _ generator: inout Generator) -> String {
    let space = ["", "", " ", "\n", "\t\r "].randomElement(using: &generator) ?? ""
    let body: String
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
    case 0: body = ["null", "true", "false"].randomElement(using: &generator) ?? ""
    case 1: body = String(Int64.random(in: .min ... .max, using: &generator))
    case 2: body = String(Double(Int.random(in: -999...999, using: &generator)) / 8)
    case 3:
      body =
        ["0", "-1", "1e5", "12E-3", "0.1", "1.7976931348623157e308"].randomElement(using: &generator) ?? ""
    case 4, 5: body = string(&generator)
    case 6, 7:
      let members = (0..<Int.random(in: 0..<5, using: &generator)).map { place in
        // Names are different, because the oracle keeps one of a name only.
        "\"\(place)" + string(&generator).dropFirst() + space + ":" + text(depth: depth - 1, &generator)
      }
      body = "{" + space + members.joined(separator: ",") + "}"
    default:
      let elements = (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
        text(depth: depth - 1, &generator)
      }
      body = "[" + space + elements.joined(separator: ",") + "]"
    }
    return space + body + space
  }

  static func string(_ generator: inout Generator) -> String {
    let parts = [
      "a", "Ω", "日本", "😀", "e\u{301}", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00E9", "\\ud83d\\ude00",
      " ", "{", "]",
    ]
    let text = (0..<Int.random(in: 0..<8, using: &generator)).map { _ in
      parts.randomElement(using: &generator) ?? ""
    }
    return "\"" + text.joined() + "\""
  }

  static func repeatsNames(_ value: JSONValue) -> Bool {
    switch value {
    case .array(let elements): elements.contains(where: repeatsNames)
    case .object(let object):
      Set(object.members.map(\.0)).count < object.members.count
        || object.members.contains { repeatsNames($0.1) }
    default: false
    }
  }

  static func same(_ value: JSONValue, _ expected: Any) -> Bool {
    switch value {
    case .null: return expected is NSNull
    case .bool(let bool): return expected as? Bool == bool
    case .int(let number): return (expected as? NSNumber)?.int64Value == number
    case .double(let number):
      // A decimal of many digits is rounded twice by `doubleValue`.
      guard let expected = expected as? NSNumber else { return false }
      return expected.doubleValue == number || Double(expected.stringValue) == number
    case .string(let text): return (expected as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
    case .array(let elements):
      guard let expected = expected as? [Any], expected.count == elements.count else { return false }
      return zip(elements, expected).allSatisfy { same($0, $1) }
    case .object(let object):
      guard let expected = expected as? [String: Any], expected.count == object.members.count else {
        return false
      }
      return object.members.allSatisfy { name, value in expected[name].map { same(value, $0) } ?? false }
    }
  }
}
