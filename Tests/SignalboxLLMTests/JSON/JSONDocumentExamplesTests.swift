import Signalbox
import SignalboxLLM
import SignalboxTesting
import Testing

/// The examples of `docs/json.md`, in their order; what they print is collected instead.
@Suite struct JSONDocumentExamplesTests {
  @Test func theValueSoFar() throws {
    var printed: [String] = []
    var json = PartialJSON()
    for piece in [#"{"title": "A sto"#, #"ry", "tags": ["sho"#, #"rt", "sad"], "pages": 1"#, "2}"] {
      try json.append(piece)
      printed.append("\(json.value ?? "nothing yet")")
    }
    let story = try json.finish()
    #expect(
      printed == [
        #"{"title":"A sto"}"#, #"{"title":"A story","tags":["sho"]}"#,
        #"{"title":"A story","tags":["short","sad"]}"#,
        #"{"title":"A story","tags":["short","sad"],"pages":12}"#,
      ])
    #expect(story["pages"] == 12)
  }

  @Test func cutOff() throws {
    var json = PartialJSON()
    try json.append(#"{"summary": "It was the best of"#)
    do {
      try json.finish()
      Issue.record("The text is not whole")
    } catch {
      #expect("\(error)" == "$.summary (byte 31): The text ends inside a string")
      #expect("\(json.value ?? [:])" == #"{"summary":"It was the best of"}"#)
    }
  }

  @Test func bytesAndLimits() throws {
    var json = PartialJSON(limits: .init(depth: 16, bytes: 64 << 10))
    for byte in Array(#"{"name": "Bö"}"#.utf8) { try json.append(utf8: [byte]) }
    #expect(json.isComplete)
    #expect(try JSONValue(parsing: #"{"name": "Bö"}"#) == json.value)
  }

  @Test func whatModelsWriteAroundIt() throws {
    var json = PartialJSON()
    try json.append("Here is what you asked for:\n```json\n{\"urgency\": \"high\"}\n```\nAnything else?")
    #expect("\(try json.finish())" == #"{"urgency":"high"}"#)
    var strict = PartialJSON(.strict)
    #expect(throws: JSONTextError.self) { try strict.append("```json\n{}") }
  }

  @Test func whatChanged() throws {
    var printed: [String] = []
    var json = PartialJSON(watching: ["$.summary", "$.items[*]"])
    for piece in [
      #"{"summary": "Two thi"#, #"ngs", "items": [{"name": "a lam"#, #"p"}, {"name": "a rug"}]}"#,
    ] {
      for change in try json.append(piece) {
        switch change {
        case .text(_, let more): printed.append("more text: \(more)")
        case .completed(let path, let value): printed.append("\(path) is \(value)")
        }
        if case .completed(let path, _) = change, "$.items[*]" ~= path { #expect(json.value?[path] != nil) }
      }
    }
    #expect(
      printed == [
        "more text: Two thi", "more text: ngs", #"$.summary is "Two things""#,
        #"$.items[0] is {"name":"a lamp"}"#,
        #"$.items[1] is {"name":"a rug"}"#,
      ])
  }

  @Test func aSchema() throws {
    let schema = JSONSchema.object(
      [
        "urgency": .enumeration(["low", "high"]).described("How soon somebody must look at it"),
        "age": .integer(min: 0, max: 150),
        "symptoms": .array(of: .string(min: 1), max: 20),
      ], optional: ["age"])

    do {
      try schema.validate(["urgency": "low", "symptoms": ["cough", 7]])
      Issue.record("7 is no string")
    } catch {
      #expect("\(error)" == "$.symptoms[1]: must be a string, found 7 (type)")
    }

    let strict = try schema.strict()
    #expect("\(strict.json["required"] ?? [])" == #"["urgency","age","symptoms"]"#)
    #expect(
      "\(strict.json["properties"]?["age"] ?? [:])"
        == #"{"type":["integer","null"],"minimum":0,"maximum":150}"#)
  }

  struct Triage: Codable {
    enum Urgency: String, Codable { case low, high }
    var urgency: Urgency
    var patientAge: Int?
  }

  @Test func aSwiftValue() async throws {
    let decoder = JSONValueDecoder(keyStrategy: .convertFromSnakeCase)
    let triage = try decoder.decode(Triage.self, from: ["urgency": "high", "patient_age": 61])
    #expect(triage.patientAge == 61)

    do {
      _ = try decoder.decode([Triage].self, from: [["urgency": "low"], ["urgency": 2]])
      Issue.record("2 is no urgency")
    } catch let error as DecodingError {
      #expect(error.jsonDescription == "$[1].urgency: expected a string, found a number")
    }

    let recorder = Recorder()
    let emitter = Emitter([recorder])
    emitter.emit("triage.done", try JSONValueEncoder().encode(triage))
    await emitter.flush(within: .seconds(20))
    #expect(await recorder.events.first?.data == ["urgency": "high", "patientAge": 61])
  }
}
