import Foundation
import Signalbox
import SignalboxTesting
import Testing

@testable import SignalboxLLM

/// The Swift examples of the README, with a provider and a recorder in place of what they reach.
@Suite(.timeLimit(.minutes(2)))
struct ReadmeExamplesTests {
  @Test func anAppEmits() async throws {
    let recorder = Recorder()
    let emitter = Emitter([recorder])
    func search(_ query: String) async throws -> [String] { [query] }

    emitter.emit("cache.hit", ["bytes": 1024])
    let documents = try await emitter.withSpan(.retrieval, "products", input: "red shoes") { span in
      span.progress(0.5)
      return try await search("red shoes")
    }

    await recorder.wait(for: 4)
    #expect(documents == ["red shoes"])
    #expect(
      await recorder.events.map(\.type) == [
        "cache.hit", "retrieval.start", "retrieval.progress", "retrieval.end",
      ])
  }

  @Test func aModelIsCalled() async throws {
    let provider = try ScriptedProvider(.text("Roses are red"))
    defer { provider.stop() }
    var poem = ""

    let client = LLMClient(.anthropic(key: "k", url: provider.url))
    for await event in client.stream("Write a poem", model: "claude-sonnet-4-5") {
      if case .delta(let delta) = event { poem += delta.text }
    }

    #expect(poem == "Roses are red")
  }
}
