import Foundation
import SignalboxTesting
import Testing

@testable import Signalbox

/// Holds what the code writes against `docs/events.schema.json`.
///
/// The end-to-end suite validates with a full JSON Schema implementation; this one knows the few keywords that
/// the schema uses, and is stricter in one thing: of our own types every member must be declared.
@Suite struct SchemaTests {
  let schema: Schema

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../docs/events.schema.json")
    schema = try Schema(Data(contentsOf: file))
  }

  func problems(_ event: Event) throws -> [String] {
    let json = try #require(try JSONSerialization.jsonObject(with: Data(event.json.utf8)) as? [String: Any])
    return schema.problems(json, definition: "envelope", at: "")
      + schema.problemsOfData(type: event.type.name, phase: event.phase, data: json["data"])
  }

  @Test func everyEventThatSpansAndEmittersWrite() async throws {
    let recorder = Recorder(batching: Batching(events: 10_000))
    let emitter = Emitter([recorder])
    struct Broken: Error {}
    for kind in [SpanKind.llm, .tool, .chain, .step, .agent, .retrieval, "rerank"] {
      try? await Context.with {
        $0.session = "s1"
        $0.request = "r1"
        $0.chain = "c1"
        $0.source = .init(service: "a", module: "b", method: "c")
        $0.identity = "a.b.c"
      } run: {
        await emitter.withSpan(kind, "x", input: ["a": 1], provider: "p", model: "m", tags: ["k": "v"]) {
          span in
          span.progress(0.5, "half")
          span.delta("a", choice: 1)
          span.delta("b", channel: .toolArguments, tool: ToolFragment(index: 0, id: "1", name: "f"))
          span.usage(
            TokenUsage(
              input: 1, cachedRead: 1, cacheWrite: 1, output: 1, reasoning: 1, provenance: .providerPartial))
          span.usage(TokenUsage(provenance: .estimated(confidence: 0.5)))
          span.restart("again")
          span.output(["x": 1])
        }
        try await emitter.withSpan(kind, "y") { _ in throw Broken() }
      }
    }
    emitter.emit("cache.hit", ["bytes": 1])
    await emitter.flush(within: .seconds(20))
    let events = await recorder.events
    #expect(events.count > 70)
    for event in events { #expect(try problems(event) == [], "\(event.json)") }
  }

  @Test func theGapEvent() throws {
    var limits = ExportBuffer.Limits()
    limits.events = 10
    var buffer = ExportBuffer(limits: limits, batching: Batching(), policy: .dropNewest)
    for _ in 0..<20 { buffer.append(Event("x", context: Context()), size: 10) }
    let gap = try #require(buffer.take(producer: "p", now: 0)?.events.last)
    #expect(gap.type == .gap)
    #expect(try problems(gap) == [])
  }

  @Test func notesAndUnknownPartsOfReplies() throws {
    let context = Context()
    #expect(
      try problems(Event("llm.annotation", ["annotation": ["url": "u"], "choice": 1], context: context)) == []
    )
    #expect(try problems(Event("llm.opaque", ["payload": [1], "event": "novelty"], context: context)) == [])
    #expect(try problems(Event("llm.annotation", ["choice": -0.5], context: context)).count == 2)
    #expect(try problems(Event("llm.opaque", ["event": "x"], context: context)) == ["data.payload: required"])
  }

  @Test func phasesAndChannelsAreThoseOfTheSchema() throws {
    #expect(schema.values("phase") == EventPhase.allCases.map(\.rawValue))
    let channels = schema.values("data", "delta", "properties", "channel")
    #expect(channels == [DeltaChannel.text, .reasoning, .refusal, .toolArguments].map(\.rawValue))
  }

  @Test func theCheckIsNotBlind() throws {
    let wrong = Event("llm.delta", ["channel": "smell", "colour": 1], phase: .delta, context: Context())
    #expect(
      try problems(wrong).sorted() == [
        "data.channel: not one of the listed values", "data.colour: not declared", "data.text: required",
      ])
  }
}

/// The part of JSON Schema that `events.schema.json` uses: $ref, type, enum, required, properties, items.
struct Schema {
  private let definitions: [String: Any]

  init(_ data: Data) throws {
    let root = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    definitions = root?["$defs"] as? [String: Any] ?? [:]
  }

  func values(_ path: String...) -> [String] {
    (definition(path) as? [String: Any])?["enum"] as? [String] ?? []
  }

  func problems(_ value: Any, definition name: String, at path: String) -> [String] {
    guard let schema = definition([name]) as? [String: Any] else { return ["\(name): no such definition"] }
    return problems(value, schema, at: path)
  }

  /// Ours are declared one by one; a span of another kind follows the general start, end and so on.
  func problemsOfData(type: String, phase: EventPhase?, data: Any?) -> [String] {
    let data = data ?? [String: Any]()
    let known = definitions["data"] as? [String: Any] ?? [:]
    let name: [String]?
    if known[type] != nil {
      name = ["data", type]
    } else {
      name =
        switch phase {
        case .usage: ["usage"]
        case .error: ["error"]
        case .some(let phase): ["data", phase.rawValue]
        case nil: nil
        }
    }
    guard let name else { return [] }
    guard let schema = definition(name) as? [String: Any] else { return ["\(name): no such definition"] }
    return problems(data, schema, at: "data")
  }

  private func definition(_ path: [String]) -> Any? {
    path.reduce(definitions as Any?) { ($0 as? [String: Any])?[$1] }
  }

  private func problems(_ value: Any, _ schema: [String: Any], at path: String) -> [String] {
    if let reference = schema["$ref"] as? String {
      let parts = reference.dropFirst("#/$defs/".count).split(separator: "/").map(String.init)
      guard let target = definition(parts) as? [String: Any] else {
        return ["\(path): \(reference) leads nowhere"]
      }
      return problems(value, target, at: path)
    }
    if let values = schema["enum"] as? [String], !values.contains(value as? String ?? "") {
      return ["\(path): not one of the listed values"]
    }
    if let type = schema["type"] as? String, !matches(value, type) { return ["\(path): not of type \(type)"] }
    if let text = value as? String, let pattern = schema["pattern"] as? String,
      text.range(of: pattern, options: .regularExpression) == nil
    {
      return ["\(path): does not match \(pattern)"]
    }
    if let items = schema["items"] as? [String: Any], let elements = value as? [Any] {
      return elements.flatMap { problems($0, items, at: path + "[]") }
    }
    guard let members = value as? [String: Any], let properties = schema["properties"] as? [String: Any]
    else {
      return []
    }
    let required = (schema["required"] as? [String] ?? []).filter { members[$0] == nil }
    return required.map { "\(join(path, $0)): required" }
      + members.flatMap { name, member in
        guard let declared = properties[name] as? [String: Any] else {
          return ["\(join(path, name)): not declared"]
        }
        return problems(member, declared, at: join(path, name))
      }
  }

  private func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  private func matches(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "object": value is [String: Any]
    case "array": value is [Any]
    case "string": value is String
    case "boolean": value is Bool
    case "integer": (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
    case "number": value is NSNumber
    default: false
    }
  }
}
