import Signalbox
import Testing

@testable import SignalboxLLM

/// Replies as Swift values.
@Suite(.timeLimit(.minutes(2)))
struct ValueTests {
  struct Triage: Codable, Equatable {
    var urgency: String
    var age: Int?
  }

  let schema = JSONSchema.object(
    ["urgency": .enumeration(["low", "high"]), "age": .integer(min: 0, max: 150)], optional: ["age"])

  private func server(_ text: String) -> ChatServer {
    ChatServer(events: [ChatServer.text(text), ChatServer.stop, "[DONE]"])
  }

  @Test func aValueBySchema() async throws {
    let server = server(#"{\"urgency\": \"high\", \"age\": null}"#)
    let (value, reply) = try await server.client().generate(
      "It hurts", model: "m", as: Triage.self, schema: schema)
    #expect(value == Triage(urgency: "high"))
    #expect(reply.text == #"{"urgency": "high", "age": null}"#)
    let request = server.requests[0]
    #expect(
      request.contains(#""response_format":{"type":"json_schema","json_schema":{"name":"Triage","schema":{"#))
    #expect(request.contains(#""strict":true"#))
  }

  @Test func withoutASchemaAnyJSONIsAskedFor() async throws {
    let server = server(#"Here it is:\n```json\n{\"urgency\": \"low\"}\n```"#)
    let value = try await server.client().generate("It hurts", model: "m", as: Triage.self).value
    #expect(value == Triage(urgency: "low"))
    #expect(server.requests[0].contains(#""response_format":{"type":"json_object"}"#))
  }

  @Test(arguments: [
    (#"{\"urgency\": \"soon\", \"age\": 1}"#, "$.urgency"), (#"{\"urgency\": \"hi"#, "ends"),
    ("I cannot say", "not the JSON"),
  ])
  func whatIsNotThatValueSaysWhy(text: String, words: String) async {
    let server = server(text)
    let client = server.client()
    let error = await #expect(throws: LLMError.self) {
      _ = try await client.generate("It hurts", model: "m", as: Triage.self, schema: schema)
    }
    #expect(error?.code == .badJSON)
    #expect(error?.message.contains(words) == true)
    #expect(error?.partial?.text.isEmpty == false)
    #expect(server.requests.count == 1)
  }
}
