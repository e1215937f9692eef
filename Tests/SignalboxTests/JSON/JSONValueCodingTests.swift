import Foundation
import Signalbox
import Testing

/// Decoding and encoding, with Foundation's coders as the measure.
@Suite struct JSONValueCodingTests {
  struct Person: Codable, Equatable {
    var name: String
    var age: UInt8?
    var height: Double
    var weight: Float
    var tags: [String]
    var friends: [Person]
    var scores: [String: [Int]]
    var byNumber: [Int: Bool]
    var urgency: Urgency
    var mood: Mood
    var numbers: Numbers
  }

  enum Urgency: String, Codable { case low, high }

  enum Mood: Codable, Equatable {
    case calm
    case angry(at: String, degree: Int)
    case sad(Double)
  }

  struct Numbers: Codable, Equatable {
    var a = Int.min, b = Int8.min, c = Int16.min, d = Int32.min, e = Int64.min
    var f: UInt = 5, g = UInt8.max, h = UInt16.max, i = UInt32.max, j: UInt64 = 7
  }

  static let person = Person(
    name: "Ann \"é\" 😀", age: nil, height: 1.75, weight: 60.1, tags: ["a", ""],
    friends: [
      Person(
        name: "", age: 200, height: -0.5e-7, weight: 0, tags: [], friends: [], scores: [:], byNumber: [:],
        urgency: .low, mood: .calm, numbers: Numbers())
    ],
    scores: ["x y": [1, 2], "fooBar": []], byNumber: [-3: true, 12: false], urgency: .high,
    mood: .angry(at: "x", degree: 3), numbers: Numbers())

  private func roundTrip<T: Codable & Equatable>(_ value: T) throws {
    let encoded = try JSONValueEncoder().encode(value)
    let foundation = try JSONSerialization.jsonObject(
      with: JSONEncoder().encode(value), options: .fragmentsAllowed)
    #expect(JSONOracleTests.same(encoded, foundation), "\(encoded)")
    #expect(try JSONValueDecoder().decode(T.self, from: encoded) == value)
    #expect(try JSONDecoder().decode(T.self, from: Data(encoded.description.utf8)) == value)
    // The same through text.
    #expect(try JSONValueDecoder().decode(T.self, from: JSONValue(parsing: encoded.description)) == value)
  }

  @Test func likeFoundation() throws {
    try roundTrip(Self.person)
    try roundTrip([Self.person])
    try roundTrip(["a": Mood.sad(1.5), "b": .calm])
    try roundTrip([1: "x"])
    try roundTrip([[Int?]]([[1, nil], []]))
    try roundTrip("text")
    try roundTrip(Set([3]))
    try roundTrip(Derived(a: 1, b: "x"))
    try roundTrip(ByHand(x: 1, rest: ["p", "q"], inner: 2.5))
    try roundTrip(Optional<Int>.none)
    try roundTrip(Range(uncheckedBounds: (1, 5)))
    try roundTrip(Wrapped(raw: Tag(rawValue: "t"), date: Date(timeIntervalSinceReferenceDate: 12.5)))
  }

  struct Tag: RawRepresentable, Codable, Equatable { var rawValue: String }
  struct Wrapped: Codable, Equatable { var raw: Tag, date: Date }

  class Base: Codable {
    var a: Int
    init(a: Int) { self.a = a }
  }

  final class Derived: Base, Equatable {
    var b: String
    init(a: Int, b: String) {
      self.b = b
      super.init(a: a)
    }
    enum Keys: CodingKey { case b }
    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      b = try container.decode(String.self, forKey: .b)
      try super.init(from: container.superDecoder())
    }
    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(b, forKey: .b)
      try super.encode(to: container.superEncoder())
    }
    static func == (left: Derived, right: Derived) -> Bool { left.a == right.a && left.b == right.b }
  }

  /// Nested containers, an array of different kinds, a super decoder in an array.
  struct ByHand: Codable, Equatable {
    var x: Int
    var rest: [String]
    var inner: Double

    init(x: Int, rest: [String], inner: Double) { (self.x, self.rest, self.inner) = (x, rest, inner) }

    enum Keys: CodingKey { case outer, list, x, inner }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      let nested = try container.nestedContainer(keyedBy: Keys.self, forKey: .outer)
      x = try nested.decode(Int.self, forKey: .x)
      var list = try container.nestedUnkeyedContainer(forKey: .list)
      #expect(try list.decodeNil())
      inner = try list.nestedContainer(keyedBy: Keys.self).decode(Double.self, forKey: .inner)
      var texts = try list.nestedUnkeyedContainer()
      rest = []
      while !texts.isAtEnd { rest.append(try texts.decode(String.self)) }
      #expect(try list.superDecoder().singleValueContainer().decode(Bool.self))
      #expect(list.isAtEnd && list.count == 4 && list.currentIndex == 4)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      var nested = container.nestedContainer(keyedBy: Keys.self, forKey: .outer)
      try nested.encode(x, forKey: .x)
      var list = container.nestedUnkeyedContainer(forKey: .list)
      try list.encodeNil()
      var object = list.nestedContainer(keyedBy: Keys.self)
      try object.encode(inner, forKey: .inner)
      var texts = list.nestedUnkeyedContainer()
      for text in rest { try texts.encode(text) }
      var single = list.superEncoder().singleValueContainer()
      try single.encode(true)
    }
  }

  // MARK: Numbers

  @Test(
    arguments: [
      (300, "$: 300 does not fit in UInt8"), (-1, "$: -1 does not fit in UInt8"),
      (1.5, "$: 1.5 does not fit in UInt8"),
      ("1", "$: expected an integer, found a string"), (true, "$: expected an integer, found a boolean"),
      (.null, "$: expected an integer, found null"), ([], "$: expected an integer, found an array"),
    ] as [(JSONValue, String)])
  func integersThatDoNotFit(_ value: JSONValue, _ message: String) {
    #expect(description { try JSONValueDecoder().decode(UInt8.self, from: value) } == message)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(UInt8.self, from: Data(value.description.utf8))
    }
  }

  @Test func numbersThatDo() throws {
    let decoder = JSONValueDecoder()
    #expect(try decoder.decode(UInt8.self, from: 255.0) == 255)
    #expect(try decoder.decode(Double.self, from: 3) == 3)
    #expect(try decoder.decode(Float.self, from: 0.1) == 0.1)
    #expect(try decoder.decode(UInt64.self, from: .double(0x1p63)) == 1 << 63)
    #expect(try decoder.decode(Int128.self, from: .double(0x1p100)) == 1 << 100)
    #expect(throws: DecodingError.self) { try decoder.decode(Float.self, from: 1e300) }
    #expect(throws: DecodingError.self) { try decoder.decode(Int64.self, from: .double(0x1p63)) }
    let encoder = JSONValueEncoder()
    #expect(try encoder.encode(UInt64(1) << 63) == .double(0x1p63))
    #expect(try encoder.encode([Float(0.1)]) == [0.1])
    #expect(throws: EncodingError.self) { try encoder.encode(UInt64.max) }
    #expect(throws: EncodingError.self) { try encoder.encode(Double.nan) }
    let error = #expect(throws: EncodingError.self) { try encoder.encode(["a": [1, -Double.infinity]]) }
    #expect(error?.path.description == "$.a[1]")
    struct Nothing: Encodable { func encode(to encoder: any Encoder) {} }
    #expect(throws: EncodingError.self) { try encoder.encode(Nothing()) }
    #expect(try encoder.encode(["a": Nothing()]) == ["a": [:]])
  }

  // MARK: Errors

  struct Report: Codable {
    struct Item: Codable {
      var name: String
      var mood: Mood?
    }
    var items: [Item]
    var byName: [String: Item]?
  }

  private func description(_ body: () throws -> Any) -> String? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? DecodingError)?.jsonDescription ?? "\(error)"
    }
  }

  @Test(arguments: [
    (#"{"items":[{"name":"a"},{"name":3}]}"#, "$.items[1].name: expected a string, found a number"),
    (#"{"items":[{"name":"a"},{}]}"#, "$.items[1]: the member \"name\" is missing"),
    (#"{"items":{}}"#, "$.items: expected an array, found an object"),
    (#"{"items":[null]}"#, "$.items[0]: expected an object, found null"),
    (
      #"{"items":[],"byName":{"a b":{"name":null}}}"#, "$.byName[\"a b\"].name: expected a string, found null"
    ),
    (#"[]"#, "$: expected an object, found an array"),
    (
      #"{"items":[{"name":"a","mood":{"angry":{"at":1}}}]}"#,
      "$.items[0].mood.angry.at: expected a string, found a number"
    ),
  ])
  func anErrorNamesThePlace(_ text: String, _ message: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(description { try JSONValueDecoder().decode(Report.self, from: value) } == message)
    // Foundation's error is at the same place, and put in words likewise.
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Report.self, from: Data(text.utf8))
    }
    #expect(error?.path.description == String(message.prefix { $0 != ":" }))
  }

  @Test func anArrayThatIsTooShort() {
    struct Pair: Decodable {
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        _ = try list.decode(Int.self)
        _ = try list.decode(Int.self)
      }
    }
    #expect(
      description { try JSONValueDecoder().decode([Pair].self, from: [[1, 2], [1]]) }
        == "$[1][1]: the array has only 1 elements")
  }

  // MARK: Keys

  struct Names: Codable, Equatable {
    var firstName: String
    var someURLText: String
    var values: [String: Inner]
    struct Inner: Codable, Equatable { var innerValue: Int }
  }

  @Test func keyStrategies() throws {
    let names = Names(firstName: "a", someURLText: "b", values: ["data_key": .init(innerValue: 1)])
    let encoded = try JSONValueEncoder(keyStrategy: .convertToSnakeCase).encode(names)
    #expect(
      encoded.description
        == #"{"first_name":"a","some_url_text":"b","values":{"data_key":{"inner_value":1}}}"#)
    struct Decoded: Codable, Equatable {
      var firstName: String
      var someUrlText: String
      var values: [String: Names.Inner]
    }
    #expect(
      try JSONValueDecoder(keyStrategy: .convertFromSnakeCase).decode(Decoded.self, from: encoded)
        == Decoded(firstName: "a", someUrlText: "b", values: names.values))
  }

  @Test(arguments: [
    "", "_", "__", "a", "one_two", "_one_two_", "one__two", "oneTwo", "one_TWO", "URL_text", "_a", "a_",
    "a_1", "A_B",
    "é_ü", "one_two_three_", "alreadyCamel_case",
  ])
  func camelCaseLikeFoundation(_ name: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let value: JSONValue = .object([name: 1])
    let foundation = try decoder.decode(Keys.self, from: Data(value.description.utf8))
    let ours = try JSONValueDecoder(keyStrategy: .convertFromSnakeCase).decode(Keys.self, from: value)
    #expect(ours.names == foundation.names)
  }

  @Test(arguments: [
    "a", "oneTwo", "myURLProperty", "URL", "URLText", "someURL", "_oneTwo", "one2Three", "aB", "aBC", "ABc",
    "already_snake",
    "x1Y2", "éÜber", "oneTwo_", "iPhone12Pro",
  ])
  func snakeCaseLikeFoundation(_ name: String) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let foundation = try JSONSerialization.jsonObject(with: encoder.encode(Keys(names: [name])))
    let ours = try JSONValueEncoder(keyStrategy: .convertToSnakeCase).encode(Keys(names: [name]))
    #expect(JSONOracleTests.same(ours, foundation), "\(ours) \(foundation)")
  }

  /// Encodes and decodes the names of its members.
  struct Keys: Codable {
    var names: [String]
    init(names: [String]) { self.names = names }
    struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
    init(from decoder: any Decoder) throws {
      names = try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue)
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      for name in names { try container.encode(1, forKey: Key(stringValue: name)) }
    }
  }

  // MARK: The rest

  @Test func valuesAsTheyAre() throws {
    struct Mixed: Codable, Equatable {
      var any: JSONValue
      var maybe: JSONValue?
      var object: JSONObject
    }
    let mixed = Mixed(
      any: ["b": [1, 2.5, .null, true, "x"], "a": [:]], maybe: nil, object: ["z": 1, "some_key": 2])
    let encoded = try JSONValueEncoder(keyStrategy: .convertToSnakeCase).encode(mixed)
    #expect(
      encoded.description == #"{"any":{"b":[1,2.5,null,true,"x"],"a":{}},"object":{"z":1,"some_key":2}}"#)
    #expect(
      try JSONValueDecoder(keyStrategy: .convertFromSnakeCase).decode(Mixed.self, from: encoded) == mixed)
    // Through any other coder, too; the order of members is lost there.
    let data = try JSONEncoder().encode(mixed)
    let back = try JSONDecoder().decode(Mixed.self, from: data)
    #expect(back.any["b"] == mixed.any["b"])
    #expect(back.object["z"] == 1)
  }

  @Test func ofANameGivenTwiceTheFirst() throws {
    let members = (0..<20).map { ("k\($0 % 10)", JSONValue.int(Int64($0))) }
    for count in [5, 20] {
      let value = JSONValue.object(JSONObject(Array(members.prefix(count)) + [("k0", 99)]))
      #expect(try JSONValueDecoder().decode([String: Int].self, from: value)["k0"] == 0)
    }
  }

  @Test func dictionariesAreSortedAndUserInfoArrives() throws {
    let encoded = try JSONValueEncoder().encode(["b": 1, "a": 2, "c": 3])
    #expect(encoded.description == #"{"a":2,"b":1,"c":3}"#)
    struct Asks: Codable {
      static let key = CodingUserInfoKey(rawValue: "k")!
      init() {}
      init(from decoder: any Decoder) throws { #expect(decoder.userInfo[Self.key] as? Int == 5) }
      func encode(to encoder: any Encoder) throws {
        #expect(encoder.userInfo[Self.key] as? Int == 6)
        var container = encoder.singleValueContainer()
        try container.encode(1)
      }
    }
    var decoder = JSONValueDecoder()
    decoder.userInfo[Asks.key] = 5
    _ = try decoder.decode([Asks].self, from: [1])
    var encoder = JSONValueEncoder()
    encoder.userInfo[Asks.key] = 6
    _ = try encoder.encode([Asks()])
  }
}
