import Signalbox
import Testing

@Suite struct PartialJSONWatchTests {
  static let text =
    #"{"title":"Two","items":[{"id":1,"name":"Ann"},{"id":2,"name":"Bo"}],"n":{"id":3},"last":true}"#

  private func changes(_ patterns: [JSONPathPattern]) -> [PartialJSON.Change] {
    let bytes = Array(Self.text.utf8)
    let whole = read([bytes[...]], PartialJSON(.strict, watching: patterns))
    #expect(read(bytes.indices.map { bytes[$0...$0] }, PartialJSON(.strict, watching: patterns)) == whole)
    return whole.changes
  }

  private func path(_ steps: JSONPath.Step...) -> JSONPath { JSONPath(steps) }

  @Test func finishedElements() {
    #expect(
      changes(["$.items[*]"]) == [
        .completed(path(.key("items"), .index(0)), ["id": 1, "name": "Ann"]),
        .completed(path(.key("items"), .index(1)), ["id": 2, "name": "Bo"]),
      ])
  }

  @Test func textAndNumbers() {
    #expect(
      changes(["$.title", "$.items[1].*", "$.last"]) == [
        .text(path(.key("title")), "Two"), .completed(path(.key("title")), "Two"),
        .completed(path(.key("items"), .index(1), .key("id")), 2),
        .text(path(.key("items"), .index(1), .key("name")), "Bo"),
        .completed(path(.key("items"), .index(1), .key("name")), "Bo"),
        .completed(path(.key("last")), true),
      ])
  }

  @Test func anyDepth() {
    #expect(
      changes(["$..id"]).map { change in
        guard case .completed(let path, let value) = change else { return "?" }
        return "\(path) \(value)"
      } == ["$.items[0].id 1", "$.items[1].id 2", "$.n.id 3"])
    // Every value once, though two patterns select it; the root last.
    let all = changes(["$..*", "$", "$.last"]).compactMap { change -> JSONPath? in
      if case .completed(let path, _) = change { path } else { nil }
    }
    #expect(all.count == 12)
    #expect(Set(all).count == 12)
    #expect(all.last == .root)
  }

  @Test func textAsItGrows() throws {
    var json = PartialJSON(watching: ["$.a"])
    #expect(try json.append(#"{"a": "on"#) == [.text(path(.key("a")), "on")])
    #expect(try json.append(#"e\"#) == [.text(path(.key("a")), "e")])
    #expect(try json.append("u00") == [])
    #expect(try json.append("e9") == [.text(path(.key("a")), "é")])
    #expect(try json.append("\", \"b\": \"x") == [.completed(path(.key("a")), "oneé")])
    #expect(try json.append("\"}") == [])
  }

  @Test(
    arguments: [
      ("$", [], true), ("$", [.key("a")], false), ("$.a", [.key("a")], true),
      ("$[\"a b\"].c", [.key("a b"), .key("c")], true), ("$[\"\\u0061\"]", [.key("a")], true),
      ("$.größe", [.key("größe")], true), ("$.a[2]", [.key("a"), .index(2)], true),
      ("$.a[2]", [.key("a"), .index(1)], false), ("$.a[2]", [.key("a"), .key("2")], false),
      ("$.a[*]", [.key("a"), .key("b")], true), ("$.*.b", [.key("a"), .key("b")], true),
      ("$.a.*", [.key("a")], false), ("$..b", [.key("b")], true),
      ("$..b", [.key("a"), .index(0), .key("b")], true),
      ("$..b", [.key("a"), .key("b"), .key("c")], false),
      ("$.a..[0].b", [.key("a"), .key("x"), .index(0), .key("b")], true), ("$..*", [], false),
      ("$..*", [.index(0)], true),
      ("$..a..b", [.key("x"), .key("a"), .key("a"), .key("y"), .key("b")], true),
    ] as [(String, [JSONPath.Step], Bool)])
  func patterns(_ pattern: String, _ steps: [JSONPath.Step], _ matches: Bool) throws {
    let pattern = try #require(JSONPathPattern(validating: pattern))
    #expect(pattern.matches(JSONPath(steps)) == matches)
    #expect((pattern ~= JSONPath(steps)) == matches)
  }

  @Test(arguments: [
    "", "a", "$a", "$.", "$.1a", "$[", "$[a]", "$[-1]", "$[\"a]", "$.a]", "$...a", "$[1:2]", "$.a b",
  ])
  func malformedPatterns(_ text: String) { #expect(JSONPathPattern(validating: text) == nil) }

  @Test func atMost62Segments() {
    #expect(JSONPathPattern(validating: "$" + String(repeating: ".a", count: 62)) != nil)
    #expect(JSONPathPattern(validating: "$" + String(repeating: ".a", count: 63)) == nil)
    let deep = JSONPathPattern(validating: "$" + String(repeating: ".a", count: 62))
    #expect(deep?.matches(JSONPath(Array(repeating: .key("a"), count: 62))) == true)
  }

  @Test func pathsLeadToValues() throws {
    let value = try JSONValue(parsing: Self.text)
    #expect(value[path(.key("items"), .index(1), .key("name"))] == "Bo")
    #expect(value[.root] == value)
    #expect(value[path(.key("items"), .key("name"))] == nil)
    #expect(value[path(.key("items"), .index(2))] == nil)
    #expect(
      path(.key("a-b"), .key("_c1"), .key("1"), .key("q\"")).description == #"$["a-b"]._c1["1"]["q\""]"#)
  }
}
