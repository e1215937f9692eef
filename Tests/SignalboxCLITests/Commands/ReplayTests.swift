import SignalboxLLM
import Testing

@testable import SignalboxCLI

@Suite struct ReplayTests {
  private func cassette(_ path: String) -> Cassette {
    Cassette(
      recorded: 0,
      request: .init(method: "POST", path: path, body: UnsafeRawBufferPointer(start: nil, count: 0)),
      status: 200)
  }

  private func provider(_ words: [String], _ paths: String...) throws -> ReplayedProvider {
    let arguments = try ReplayCommand.spec.parse(words + ["x.ndjson"], environment: { _ in nil })
    return try ReplayCommand.provider(arguments, paths.map(cassette))
  }

  @Test func theProviderIsWhatWasRecorded() throws {
    #expect(try provider([], "/v1/chat/completions", "/v1/responses") == .openai)
    #expect(try provider([], "/v1/messages?beta=true") == .anthropic)
    #expect(try provider([], "/v1beta/models/gemini-pro:streamGenerateContent?alt=sse") == .gemini)
    #expect(try provider([], "/api/chat") == .ollama)
    #expect(try provider([], "/model/x/converse-stream") == .bedrock)
  }

  @Test func orWhatIsSaid() throws {
    #expect(try provider(["--as", "ollama"], "/v1/chat/completions") == .ollama)
    #expect(try provider(["--as", "anthropic"], "/v1/messages", "/v1/models") == .anthropic)
    #expect(throws: UsageError("a recording of /v1/messages cannot be played as openai")) {
      try provider(["--as", "openai"], "/v1/messages")
    }
    #expect(
      throws: UsageError("--as takes openai, anthropic, azure, gemini, ollama, bedrock, not 'opneai'")
    ) { try provider(["--as", "opneai"], "/v1/messages") }
  }
}
