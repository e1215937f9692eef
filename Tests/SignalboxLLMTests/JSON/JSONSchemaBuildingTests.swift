import Signalbox
import SignalboxLLM
import Testing

@Suite struct JSONSchemaBuildingTests {
  static let triage = JSONSchema.object(
    [
      "urgency": .enumeration(["low", "high"]).described("How soon"),
      "age": .integer(min: 0, max: 150),
      "weight": .number(max: 500),
      "notes": .array(of: .string(min: 1, pattern: "^\\S", format: "uuid"), max: 5),
      "next": .any(of: [.null, .object(["when": .string(format: "x-day")])]),
      "sure": .boolean.nullable,
    ], optional: ["age", "next"])

  @Test func writesWhatAProviderReads() {
    #expect(
      Self.triage.description == """
        {"type":"object","properties":{"urgency":{"type":"string","enum":["low","high"],"description":"How soon"},\
        "age":{"type":"integer","minimum":0,"maximum":150},"weight":{"type":"number","maximum":500},\
        "notes":{"type":"array","items":{"type":"string","minLength":1,"pattern":"^\\\\S","format":"uuid"},"maxItems":5},\
        "next":{"anyOf":[{"type":"null"},{"type":"object","properties":{"when":{"type":"string","format":"x-day"}},\
        "required":["when"],"additionalProperties":false}]},"sure":{"type":["boolean","null"]}},\
        "required":["urgency","weight","notes","sure"],"additionalProperties":false}
        """)
  }

  @Test func checks() throws {
    let value: JSONValue = ["urgency": "low", "weight": 70.5, "notes": ["a"], "sure": .null]
    try Self.triage.validate(value)
    let error = #expect(throws: JSONSchemaError.self) {
      try Self.triage.validate(["urgency": "low", "weight": 70, "notes": ["a", " b"], "sure": true])
    }
    #expect(error?.path.description == "$.notes[1]")
    #expect(error?.rule == "pattern")
    #expect(error?.found == "\" b\"")
    let map = JSONSchema.object([:], additional: .array(of: .integer))
    try map.validate(["a": [1], "b": []])
    #expect(throws: JSONSchemaError.self) { try map.validate(["a": ["x"]]) }
    try JSONSchema.any.validate(["x": 1])
    #expect(throws: JSONSchemaError.self) { try JSONSchema.null.validate(0) }
    #expect(JSONSchema.number.titled("T").description == #"{"type":"number","title":"T"}"#)
  }

  @Test func strictMode() throws {
    let strict = try Self.triage.strict()
    #expect(
      strict.description == """
        {"type":"object","properties":{"urgency":{"type":"string","enum":["low","high"],"description":"How soon"},\
        "age":{"type":["integer","null"],"minimum":0,"maximum":150},"weight":{"type":"number","maximum":500},\
        "notes":{"type":"array","items":{"type":"string","pattern":"^\\\\S","format":"uuid"},"maxItems":5},\
        "next":{"anyOf":[{"type":"null"},{"type":"object","properties":{"when":{"type":"string"}},\
        "required":["when"],"additionalProperties":false}]},"sure":{"type":["boolean","null"]}},\
        "required":["urgency","age","weight","notes","next","sure"],"additionalProperties":false}
        """)
    // What was not sent is checked all the same.
    let value: JSONValue = [
      "urgency": "low", "age": .null, "weight": 1, "notes": [""], "next": .null, "sure": .null,
    ]
    let error = #expect(throws: JSONSchemaError.self) { try strict.validate(value) }
    #expect(error?.rule == "minLength")
    // Strict is strict already.
    #expect(try strict.strict().json["required"] == strict.json["required"])
  }

  @Test(arguments: [
    (#"{"enum":["a"]}"#, #"{"enum":["a",null]}"#),
    (#"{"type":"string","enum":["a"]}"#, #"{"type":["string","null"],"enum":["a",null]}"#),
    (#"{"type":["null","string"]}"#, #"{"type":["null","string"]}"#),
    (#"{"const":"a"}"#, #"{"anyOf":[{"const":"a"},{"type":"null"}]}"#),
    (##"{"$ref":"#/$defs/a"}"##, ##"{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}"##),
    (
      #"{"oneOf":[{"type":"string"},{"type":"integer"}]}"#,
      #"{"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}"#
    ),
  ])
  func whatIsOptionalMayBeNull(_ member: String, _ rewritten: String) throws {
    let text =
      ##"{"type":"object","properties":{"m":\##(member)},"$defs":{"a":{"type":"object","properties":{}}}}"##
    let strict = try JSONSchema(JSONValue(parsing: text)).strict()
    #expect(strict.json["properties"]?["m"]?.description == rewritten)
    #expect(strict.json["$defs"]?["a"]?["additionalProperties"] == false)
    try strict.validate(["m": .null])
  }

  @Test(arguments: [
    (#"{"type":"string"}"#, "$: Strict mode wants an object at the root"),
    (#"{"type":"object"}"#, "$: Strict mode has no open objects"),
    (#"{"type":"object","properties":{},"additionalProperties":true}"#, "$: Strict mode has no open objects"),
    (#"{"type":"object","properties":{"a":{}}}"#, "$.properties.a: Strict mode has no schema of any value"),
    (#"{"type":"object","properties":{"a":true}}"#, "$.properties.a: Strict mode has no schema of any value"),
    (
      #"{"type":"object","properties":{"a":{"type":"array"}}}"#,
      "$.properties.a: Strict mode wants items in an array"
    ),
    (
      #"{"type":"object","properties":{"a":{"type":"array","items":{"allOf":[{}]}}}}"#,
      "$.properties.a.items.allOf: Strict mode has no allOf"
    ),
    (
      #"{"type":"object","properties":{},"required":["b"]}"#,
      "$.required: Strict mode wants \"b\" among the properties"
    ),
    (
      #"{"type":"object","properties":{"a":{"anyOf":[{"type":"null"}],"oneOf":[{"type":"null"}]}},"required":["a"]}"#,
      "$.properties.a: Strict mode has no oneOf beside anyOf"
    ),
  ])
  func whatStrictModeCannotSay(_ text: String, _ message: String) throws {
    let schema = try JSONSchema(JSONValue(parsing: text))
    let error = #expect(throws: JSONSchemaDefinitionError.self) { try schema.strict() }
    #expect(error?.description == message)
  }
}
