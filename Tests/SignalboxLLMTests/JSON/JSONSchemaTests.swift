import Signalbox
import SignalboxLLM
import Testing

/// Cases by the text of JSON Schema 2020-12 (core and validation).
@Suite struct JSONSchemaTests {
  /// A schema, values that match, and values that do not with what is said of them.
  struct Case: Sendable, CustomTestStringConvertible {
    let schema: String
    let valid: [String]
    let invalid: [(String, String)]
    init(_ schema: String, _ valid: [String], _ invalid: [(String, String)]) {
      (self.schema, self.valid, self.invalid) = (schema, valid, invalid)
    }
    var testDescription: String { schema }
  }

  static let scalars: [Case] = [
    Case("true", ["1", "null", "{}"], []),
    Case("{}", ["1", "null", "{}"], []),
    Case("false", [], [("1", "$: must not be there, found 1 (false)")]),
    Case(
      #"{"type":"integer"}"#, ["1", "-5", "1.0", "1e3", "9223372036854775807"],
      [
        ("1.5", "$: must be an integer, found 1.5 (type)"),
        ("\"1\"", "$: must be an integer, found \"1\" (type)"),
      ]),
    Case(#"{"type":"number"}"#, ["1", "1.5"], [("null", "$: must be a number, found null (type)")]),
    Case(#"{"type":"string"}"#, ["\"\""], [("1", "$: must be a string, found 1 (type)")]),
    Case(#"{"type":"boolean"}"#, ["true", "false"], [("0", "$: must be a boolean, found 0 (type)")]),
    Case(#"{"type":"null"}"#, ["null"], [("false", "$: must be null, found false (type)")]),
    Case(#"{"type":"array"}"#, ["[]"], [("{}", "$: must be an array, found an object (type)")]),
    Case(#"{"type":"object"}"#, ["{}"], [("[1,2]", "$: must be an object, found an array of 2 (type)")]),
    Case(
      #"{"type":["string","null"]}"#, ["\"\"", "null"], [("1", "$: must be null or a string, found 1 (type)")]
    ),
    Case(
      #"{"enum":["a",1,null,[1.0],{"x":1,"y":2}]}"#,
      ["\"a\"", "1", "1.0", "null", "[1]", #"{"y":2.0,"x":1}"#],
      [
        ("\"b\"", "$: must be one of \"a\", 1, null, an array of 1, an object, found \"b\" (enum)"),
        ("true", "$: must be one of \"a\", 1, null, an array of 1, an object, found true (enum)"),
        (#"{"x":1}"#, "$: must be one of \"a\", 1, null, an array of 1, an object, found an object (enum)"),
      ]),
    Case(#"{"const":false}"#, ["false"], [("0", "$: must be false, found 0 (const)")]),
    Case(#"{"const":1.0}"#, ["1", "1.0"], [("true", "$: must be 1, found true (const)")]),
    Case(#"{"const":null}"#, ["null"], [("0", "$: must be null, found 0 (const)")]),
    Case(
      #"{"minimum":1.1,"maximum":3}"#, ["1.1", "2", "3", "3.0", "\"x\""],
      [
        ("1", "$: must be at least 1.1, found 1 (minimum)"),
        ("3.01", "$: must be at most 3, found 3.01 (maximum)"),
      ]),
    Case(
      #"{"exclusiveMinimum":1,"exclusiveMaximum":3.5}"#, ["1.01", "3"],
      [
        ("1.0", "$: must be more than 1, found 1 (exclusiveMinimum)"),
        ("3.5", "$: must be less than 3.5, found 3.5 (exclusiveMaximum)"),
      ]),
    // As doubles, these would be equal.
    Case(
      #"{"maximum":9007199254740993}"#, ["9007199254740993", "9007199254740992.0"],
      [("9007199254740994", "$: must be at most 9007199254740993, found 9007199254740994 (maximum)")]),
    Case(
      #"{"exclusiveMaximum":9.2233720368547758e18}"#, ["9223372036854775807"],
      [
        (
          "9223372036854775808",
          "$: must be less than 9.223372036854776e+18, found 9.223372036854776e+18 (exclusiveMaximum)"
        )
      ]),
    Case(
      #"{"multipleOf":2}"#, ["10", "0", "-4", "4.0"],
      [("7", "$: must be a multiple of 2, found 7 (multipleOf)")]),
    Case(
      #"{"multipleOf":0.01}"#, ["4.35", "19.99", "1", "0.07"],
      [("4.355", "$: must be a multiple of 0.01, found 4.355 (multipleOf)")]),
    Case(
      #"{"multipleOf":0.0001}"#, ["0.0075"],
      [("0.00751", "$: must be a multiple of 0.0001, found 0.00751 (multipleOf)")]),
    Case(
      #"{"multipleOf":0.123456789}"#, [],
      [("1e308", "$: must be a multiple of 0.123456789, found 1e+308 (multipleOf)")]),
    Case(
      #"{"minLength":2,"maxLength":3}"#, ["\"ab\"", "\"😀😀😀\"", "5"],
      [
        ("\"😀\"", "$: must have at least 2 characters, found \"😀\" (minLength)"),
        ("\"abcd\"", "$: must have at most 3 characters, found \"abcd\" (maxLength)"),
      ]),
    Case(
      #"{"maxLength":2.0}"#, ["\"ab\""],
      [("\"abc\"", "$: must have at most 2 characters, found \"abc\" (maxLength)")]),
    Case(
      #"{"pattern":"^a+b?$"}"#, ["\"aab\"", "\"a\"", "7"],
      [("\"abb\"", "$: must match ^a+b?$, found \"abb\" (pattern)")]),
    Case(#"{"format":"email","title":"x","unknown":{"type":7}}"#, ["\"no address\""], []),
  ]

  static let containers: [Case] = [
    Case(
      #"{"items":{"type":"integer"},"minItems":1,"maxItems":3}"#, ["[1]", "[1,2,3]", "{}"],
      [
        ("[]", "$: must have at least 1 elements, found an array of 0 (minItems)"),
        ("[1,2,3,4]", "$: must have at most 3 elements, found an array of 4 (maxItems)"),
        ("[1,\"x\"]", "$[1]: must be an integer, found \"x\" (type)"),
      ]),
    Case(
      #"{"prefixItems":[{"type":"integer"},{"type":"string"}],"items":false}"#, ["[]", "[1]", "[1,\"a\"]"],
      [
        ("[\"a\"]", "$[0]: must be an integer, found \"a\" (type)"),
        ("[1,\"a\",null]", "$[2]: must not be there, found null (false)"),
      ]),
    Case(#"{"prefixItems":[{"type":"integer"}]}"#, ["[1,\"a\",null]"], []),
    Case(
      #"{"uniqueItems":true}"#, ["[]", "[1,true,\"1\",[1],{\"a\":1}]", "[0,false]", "[[1],[true]]"],
      [
        ("[1,2,1.0]", "$: must not repeat elements, found 1 at 0 and 2 (uniqueItems)"),
        (
          #"[{"a":1,"b":2},{"b":2,"a":1}]"#,
          "$: must not repeat elements, found an object at 0 and 1 (uniqueItems)"
        ),
      ]),
    Case(#"{"uniqueItems":false}"#, ["[1,1]"], []),
    Case(
      #"{"properties":{"a":{"type":"integer"},"b":true,"c":false},"required":["a"]}"#,
      [#"{"a":1}"#, #"{"a":1,"b":null,"d":[]}"#, "[]", "\"x\""],
      [
        (#"{"b":1}"#, "$: must have the member \"a\", found an object (required)"),
        (#"{"a":"x"}"#, "$.a: must be an integer, found \"x\" (type)"),
        (#"{"a":1,"c":2}"#, "$.c: must not be there, found 2 (false)"),
      ]),
    Case(
      #"{"properties":{"a":{}},"additionalProperties":false}"#, [#"{"a":1}"#, "{}"],
      [(#"{"a":1,"b c":2}"#, "$[\"b c\"]: must not be there, found 2 (additionalProperties)")]),
    Case(
      #"{"properties":{"a":{}},"additionalProperties":{"type":"boolean"}}"#, [#"{"a":1,"b":true}"#],
      [(#"{"b":2}"#, "$.b: must be a boolean, found 2 (type)")]),
    Case(
      #"{"patternProperties":{"^x_":{"type":"integer"},"_n$":{"minimum":5}},"additionalProperties":false}"#,
      [#"{"x_a":1,"b_n":7,"x_n":6}"#],
      [
        (#"{"x_a":""}"#, "$.x_a: must be an integer, found \"\" (type)"),
        (#"{"x_n":1}"#, "$.x_n: must be at least 5, found 1 (minimum)"),
        (#"{"y":1}"#, "$.y: must not be there, found 1 (additionalProperties)"),
      ]),
    Case(
      #"{"required":["a","b","c","d","e"]}"#, [#"{"e":1,"d":1,"c":1,"b":1,"a":1}"#],
      [(#"{"e":1,"d":1,"b":1,"a":1}"#, "$: must have the member \"c\", found an object (required)")]),
    Case(
      #"{"type":"object","properties":{"items":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"}}}}}}"#,
      [#"{"items":[{"name":"a"},{}]}"#],
      [
        (
          #"{"items":[{},{},{},{"name":12}]}"#, "$.items[3].name: must be a string, found 12 (type)"
        )
      ]),
  ]

  static let combinations: [Case] = [
    Case(
      #"{"allOf":[{"type":"integer"},{"minimum":3}]}"#, ["3"],
      [("2", "$: must be at least 3, found 2 (minimum)"), ("3.5", "$: must be an integer, found 3.5 (type)")]),
    Case(
      #"{"anyOf":[{"type":"integer"},{"minLength":2}]}"#, ["1", "\"ab\"", "1.5"],
      [
        (
          "\"a\"",
          "$: must match one of the alternatives (nearest: $ must be an integer), found \"a\" (anyOf)"
        )
      ]),
    Case(
      #"{"anyOf":[{"type":"null"},{"properties":{"a":{"type":"string"}},"type":"object"}]}"#, ["null", "{}"],
      [
        (
          #"{"a":1}"#,
          "$: must match one of the alternatives (nearest: $.a must be a string), found an object (anyOf)"
        )
      ]),
    Case(
      #"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#, ["1", "2.5"],
      [
        ("3", "$: must match one alternative alone and matches 0, 1, found 3 (oneOf)"),
        ("1.5", "$: must match one of the alternatives (nearest: $ must be an integer), found 1.5 (oneOf)"),
      ]),
    Case(
      #"{"not":{"type":["integer","boolean"]}}"#, ["\"a\"", "1.5"],
      [("1", "$: must not match the schema in not, found 1 (not)")]),
    Case(
      #"{"type":"array","items":{"not":{"properties":{"a":{"type":"null"}},"required":["a"]}}}"#,
      [#"[{"a":1},{}]"#], [(#"[1,{"a":null}]"#, "$[0]: must not match the schema in not, found 1 (not)")]),
    Case(
      ##"{"$ref":"#/$defs/positive","$defs":{"positive":{"exclusiveMinimum":0}},"multipleOf":2}"##, ["2"],
      [
        ("-2", "$: must be more than 0, found -2 (exclusiveMinimum)"),
        ("3", "$: must be a multiple of 2, found 3 (multipleOf)"),
      ]),
    Case(
      ##"{"type":"object","properties":{"value":{"type":"integer"},"next":{"$ref":"#"}},"additionalProperties":false}"##,
      [#"{"value":1,"next":{"next":{}}}"#],
      [
        (#"{"next":{"next":{"value":"x"}}}"#, "$.next.next.value: must be an integer, found \"x\" (type)"),
        (#"{"next":{"other":1}}"#, "$.next.other: must not be there, found 1 (additionalProperties)"),
      ]),
    Case(
      ##"{"properties":{"a":{"$ref":"#/$defs/a~1b%25c~0d"},"b":{"$ref":"#/anyOf/1"}},"$defs":{"a/b%c~d":{"type":"null"}},"anyOf":[true,{"type":"string"}]}"##,
      [#"{"a":null,"b":"x"}"#],
      [
        (#"{"a":1}"#, "$.a: must be null, found 1 (type)"),
        (#"{"b":1}"#, "$.b: must be a string, found 1 (type)"),
      ]),
    Case(
      ##"{"definitions":{"tree":{"type":"array","items":{"anyOf":[{"type":"integer"},{"$ref":"#/definitions/tree"}]}}},"$ref":"#/definitions/tree"}"##,
      ["[1,[2,[3,[]]]]"],
      [
        (
          "[1,[2,\"x\"]]",
          "$[1]: must match one of the alternatives (nearest: $[1][1] must match one of the alternatives (nearest: $[1][1] must be an integer)), found an array of 2 (anyOf)"
        )
      ]),
  ]

  @Test(arguments: scalars + containers + combinations) func conforms(_ test: Case) throws {
    let schema = try JSONSchema(JSONValue(parsing: test.schema))
    for text in test.valid {
      #expect(throws: Never.self, "\(text)") { try schema.validate(JSONValue(parsing: text)) }
    }
    for (text, message) in test.invalid {
      let value = try JSONValue(parsing: text)
      let error = #expect(throws: JSONSchemaError.self, "\(text)") { try schema.validate(value) }
      #expect(error?.description == message)
    }
  }

  @Test(arguments: [
    ("1", "$: Expected an object or a boolean"), (#"{"type":"int"}"#, "$.type: There is no type \"int\""),
    (#"{"type":7}"#, "$.type: There is no type 7"), (#"{"type":["null",7]}"#, "$.type: There is no type 7"),
    (
      #"{"properties":{"a b":{"minLength":-1}}}"#,
      "$.properties[\"a b\"].minLength: Expected a whole number, 0 or more"
    ),
    (#"{"items":[{}]}"#, "$.items: Expected an object or a boolean"),
    (#"{"items":{"maxItems":1.5}}"#, "$.items.maxItems: Expected a whole number, 0 or more"),
    (#"{"anyOf":[]}"#, "$.anyOf: Expected at least one schema"),
    (#"{"allOf":{}}"#, "$.allOf: Expected an array"),
    (#"{"oneOf":[{},{"not":null}]}"#, "$.oneOf[1].not: Expected an object or a boolean"),
    (#"{"required":["a",1]}"#, "$.required: Expected an array of strings"),
    (#"{"required":"a"}"#, "$.required: Expected an array"), (#"{"enum":{}}"#, "$.enum: Expected an array"),
    (#"{"properties":[]}"#, "$.properties: Expected an object"),
    (#"{"minimum":"1"}"#, "$.minimum: Expected a number"),
    (#"{"multipleOf":0}"#, "$.multipleOf: Expected a number above 0"),
    (#"{"uniqueItems":1}"#, "$.uniqueItems: Expected a boolean"),
    (#"{"pattern":1}"#, "$.pattern: Expected a string"),
    (#"{"pattern":"a("}"#, "$.pattern: A group has no end"),
    (#"{"patternProperties":{"[":{}}}"#, "$.patternProperties[\"[\"]: A class has no end"),
    (##"{"$ref":"#/$defs/a"}"##, "$[\"$ref\"]: There is no #/$defs/a"),
    (
      ##"{"items":{"$ref":"other.json"}}"##,
      "$.items[\"$ref\"]: Only references within the schema are known, such as #/$defs/name"
    ),
    (##"{"$ref":"#"}"##, "$: Refers to itself without end"),
    (
      ##"{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[true,{"$ref":"#/$defs/a"}]}}}"##,
      "$[\"$defs\"].a: Refers to itself without end"
    ),
    (##"{"$defs":{"a":{"minItems":"x"}}}"##, "$[\"$defs\"].a.minItems: Expected a number"),
  ])
  func malformed(_ text: String, _ message: String) throws {
    let json = try JSONValue(parsing: text)
    let error = #expect(throws: JSONSchemaDefinitionError.self) { try JSONSchema(json) }
    #expect(error?.description == message)
  }

  // MARK: Bounds

  @Test func aSchemaThatDoublesItsWorkIsGivenUp() throws {
    var definitions = JSONObject()
    for level in 0..<40 {
      let next: JSONValue = ["$ref": "#/$defs/l\(level + 1)"]
      definitions["l\(level)"] = ["anyOf": [next, next]]
    }
    definitions["l40"] = false
    let schema = try JSONSchema(["$ref": "#/$defs/l0", "$defs": .object(definitions)])
    let error = #expect(throws: JSONSchemaError.self) { try schema.validate(1) }
    #expect(error?.rule == "limit")
    // Not even `not` makes a match of it.
    let negated = try JSONSchema(["not": ["$ref": "#/$defs/l0"], "$defs": .object(definitions)])
    #expect(throws: JSONSchemaError.self) { try negated.validate(1) }
  }

  @Test func longChainsAndDeepValuesAreGivenUp() throws {
    var definitions = JSONObject()
    for level in 0..<2000 { definitions.members.append(("l\(level)", ["$ref": "#/$defs/l\(level + 1)"])) }
    definitions.members.append(("l2000", true))
    let schema = try JSONSchema(["$ref": "#/$defs/l0", "$defs": .object(definitions)])
    let error = #expect(throws: JSONSchemaError.self) { try schema.validate(1) }
    #expect(error?.rule == "limit")

    var value: JSONValue = []
    for _ in 0..<600 { value = [value] }
    let nested = try JSONSchema(["items": ["$ref": "#"]])
    #expect(throws: JSONSchemaError.self) { try nested.validate(value) }
  }

  @Test func aSchemaOfTooManySchemasIsRefused() {
    let many = JSONValue.array(Array(repeating: true, count: 20_001))
    #expect(throws: JSONSchemaDefinitionError.self) { try JSONSchema(["allOf": many]) }
  }

  @Test func aPatternCannotHoldUpTheProgram() throws {
    let schema = try JSONSchema(["pattern": "^(a+)+$"])
    let clock = ContinuousClock()
    let took = clock.measure {
      #expect(throws: JSONSchemaError.self) {
        try schema.validate(.string(String(repeating: "a", count: 20_000) + "!"))
      }
    }
    #expect(took < .seconds(20))
    let large = try JSONSchema(["pattern": "(a|b|ab|ba|aab){500}c$"])
    let error = #expect(throws: JSONSchemaError.self) {
      try large.validate(.string(String(repeating: "ab", count: 1_000_000)))
    }
    #expect(error?.rule == "limit")
  }
}
