import Signalbox
import Testing

@testable import SignalboxLLM

@Suite struct JSONSchemaDerivingTests {
  enum Urgency: String, Codable, CaseIterable { case low, high }
  enum Level: Int, Codable, CaseIterable {
    case one = 1
    case two
  }
  enum Open: String, Codable { case a, b }

  struct Inner: Codable {
    var weight: Double
    var tags: [String]
  }

  struct Outer: Codable {
    enum CodingKeys: String, CodingKey {
      case name = "full_name"
      case age, ratio, isNew, urgency, level, note, inner, others, counts, any, many
    }

    var name: String
    var age: UInt8
    var ratio: Float
    var isNew: Bool
    var urgency: Urgency
    var level: Level?
    var note: String?
    var inner: Inner
    var others: [Inner]?
    var counts: [String: Int]
    var any: JSONValue
    var many: [Int?]
  }

  @Test func aStructure() throws {
    let inner: JSONValue = [
      "type": "object",
      "properties": [
        "weight": ["type": "number"], "tags": ["type": "array", "items": ["type": "string"]],
      ],
      "required": ["weight", "tags"], "additionalProperties": false,
    ]
    let schema = try JSONSchema(of: Outer.self, describing: ["full_name": "Given name and surname"])
    #expect(
      schema.json == [
        "type": "object",
        "properties": [
          "full_name": ["type": "string", "description": "Given name and surname"],
          "age": ["type": "integer", "minimum": 0], "ratio": ["type": "number"],
          "isNew": ["type": "boolean"], "urgency": ["type": "string", "enum": ["low", "high"]],
          "level": ["type": "integer", "enum": [1, 2]], "note": ["type": "string"], "inner": inner,
          "others": ["type": "array", "items": inner],
          "counts": ["type": "object", "additionalProperties": ["type": "integer"]], "any": [:],
          "many": ["type": "array", "items": ["anyOf": [["type": "integer"], ["type": "null"]]]],
        ],
        "required": [
          "full_name", "age", "ratio", "isNew", "urgency", "inner", "counts", "any", "many",
        ],
        "additionalProperties": false,
      ])
  }

  @Test func whatTheSchemaAllowsDecodes() throws {
    let schema = try JSONSchema(of: Outer.self)
    let value: JSONValue = [
      "full_name": "A", "age": 1, "ratio": 0.5, "isNew": true, "urgency": "high",
      "inner": ["weight": 1, "tags": []], "counts": ["x": 1], "any": [1], "many": [1, .null],
    ]
    try schema.validate(value)
    #expect(try JSONValueDecoder().decode(Outer.self, from: value).many == [1, nil])
    #expect(throws: JSONSchemaError.self) { try schema.validate(["full_name": "A"]) }
  }

  @Test func scalarsArraysAndNothing() throws {
    struct Nothing: Codable {}
    #expect(try JSONSchema(of: [Int].self).json == ["type": "array", "items": ["type": "integer"]])
    #expect(try JSONSchema(of: String.self).json == ["type": "string"])
    #expect(
      try JSONSchema(of: Nothing.self).json
        == ["type": "object", "properties": [:], "required": [], "additionalProperties": false])
  }

  struct Tree: Codable { var children: [Tree] }
  struct Holder: Codable { var inner: OpenHolder }
  struct OpenHolder: Codable { var open: Open }
  struct Point: Codable {
    init(from decoder: any Decoder) throws {
      var pair = try decoder.unkeyedContainer()
      _ = try pair.decode(Double.self)
      _ = try pair.decode(Double.self)
    }
    func encode(to encoder: any Encoder) throws {}
  }
  enum Either: Codable {
    case left(Int)
    case right(String)
  }

  @Test func whatCannotBeKnownIsSaidWithItsPlace() {
    func problem<T: Decodable>(_ type: T.Type) -> String? {
      do throws(JSONSchemaDerivationError) {
        _ = try JSONSchema(of: type)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(problem(Tree.self) == "$.children[0]: Tree is part of itself")
    #expect(problem(Holder.self)?.hasPrefix("$.inner.open: Open takes no specimen") == true)
    #expect(problem(Point.self) == "$: an array whose places have a meaning; give the schema")
    #expect(problem([Int: String].self) == "$: the keys of a dictionary must be texts")
    #expect(problem(Either.self) != nil)
    #expect(throws: JSONSchemaDerivationError.self) {
      try JSONSchema(of: Outer.self, describing: ["nmae": "?"])
    }
  }
}
