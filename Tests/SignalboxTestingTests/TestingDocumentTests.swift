import Fetch
import Foundation
import SignalboxLLM
import SignalboxTesting
import Testing
import Wire

/// The examples of `docs/testing.md`, in their order.
@Suite(.timeLimit(.minutes(2)))
struct TestingDocumentTests {
  private let client = FetchClient(thread: FetchThread())

  private func ask(
    _ url: String, path: String = "/v1/chat/completions", model: String = "gpt-4o"
  ) async throws -> (Int, String) {
    let response = try await client.send(
      FetchRequest(
        "POST", url + path, headers: [.init("authorization", "Bearer k")],
        body: SharedBytes("{\"model\":\"\(model)\",\"stream\":true}".utf8)))
    return (response.status, String(decoding: try await response.body.collect(limit: 1 << 20), as: UTF8.self))
  }

  @Test func aScriptedProvider() async throws {
    let provider = try ScriptedProvider(
      .error(status: 503, retryAfter: .seconds(1)),
      .text("Good morning", chunks: 3))
    defer { provider.stop() }
    let (status, _) = try await ask(provider.url)
    #expect(status == 503)
    #expect(try await ask(provider.url).1.contains("Good"))

    provider.on(path: "/v1/messages", .toolCall("weather", arguments: #"{"city":"Vienna"}"#))
    provider.on(model: "o3", .script(ReplyScript("42", reasoning: "Let me see", finishReason: "length")))
    provider.on(path: "/v1/models", .raw([#"{"data":[]}"#], contentType: "application/json"))
    #expect(try await ask(provider.url, path: "/v1/messages").1.contains("input_json_delta"))
    #expect(try await ask(provider.url, model: "o3").1.contains("\"finish_reason\":\"length\""))
    #expect(try await ask(provider.url, path: "/v1/models").1 == #"{"data":[]}"#)

    await provider.received(1)
    let request = provider.requests[0]
    #expect(request.method == "POST" && request.path == "/v1/chat/completions" && request.model == "gpt-4o")
    #expect(request.header("authorization") == "Bearer k")

    provider.on(model: "slow", .text("late").with(.stall(afterBytes: 10)))
    async let answer = ask(provider.url, model: "slow")
    await provider.stalled()
    provider.release()
    #expect(try await answer.1.contains("l"))
  }

  @Test func recordings() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let provider = try ScriptedProvider(.text("Good morning to you"))
    defer { provider.stop() }

    let recorder = try CassetteRecorder(folder: folder)
    var configuration = LLMClient.Configuration()
    configuration.recorder = recorder
    let client = LLMClient(
      .openAI(key: "sk-secret-key", url: provider.url + "/v1"), configuration: configuration)
    _ = try await client.generate("Good morning", model: "gpt-4o-mini")
    await recorder.flush()

    let file = folder + "/" + (try FileManager.default.contentsOfDirectory(atPath: folder)[0])
    let cassette = try Cassette(contentsOf: file)
    let player = try ScriptedProvider(cassettes: [cassette], speed: 0)
    defer { player.stop() }
    let replayed = LLMClient(.openAI(key: "k", url: player.url + "/v1"))
    #expect(try await replayed.generate("Good morning", model: "gpt-4o-mini").text == "Good morning to you")
    #expect(try !String(contentsOfFile: file, encoding: .utf8).contains("sk-secret-key"))
  }

  /// The file that the page shows is one.
  @Test func theFile() throws {
    let page = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../docs/testing.md"),
      encoding: .utf8)
    let text = try #require(page.components(separatedBy: "```json\n").dropFirst().first)
    let cassette = try Cassette(parsing: Array(text.components(separatedBy: "```")[0].utf8))
    #expect(cassette.chunks.count == 2 && cassette.end == .complete)
    #expect(Array("a".utf8).withUnsafeBytes { Cassette.hash($0) } == cassette.request.bodyHash)
  }
}
