import Testing

@testable import SignalboxLLM

struct ModelTraitsTests {
  @Test(arguments: [
    "o1", "o1-mini", "o3-mini-2025-01-31", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.2", "gpt-6-sol",
    "openai/gpt-5-nano",
    "ft:o4-mini:acme", "claude-opus-4-7", "claude-sonnet-5", "claude-mythos-preview",
    "anthropic/claude-opus-4.8",
  ])
  func refuseSampling(model: String) { #expect(ModelTraits(model).refusesSampling) }

  @Test(arguments: [
    "gpt-4o", "gpt-4.1-mini", "gpt-4-0613", "gpt-3.5-turbo", "gpt-5-chat-latest", "gpt-5.2-chat-latest",
    "gpt-oss-20b",
    "claude-3-5-sonnet-20241022", "claude-opus-4-20250514", "claude-opus-4-1-20250805", "claude-sonnet-4-6",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0", "gemini-2.5-pro", "olmo-2", "mistral-large", "",
  ])
  func takeSampling(model: String) { #expect(!ModelTraits(model).refusesSampling) }

  @Test func thinking() {
    #expect(ModelTraits("claude-opus-4-20250514").thinking == .budget)
    #expect(ModelTraits("claude-3-7-sonnet-latest").thinking == .budget)
    #expect(ModelTraits("us.anthropic.claude-opus-4-6-v1").thinking == .adaptive)
    #expect(ModelTraits("gemini-2.5-flash").thinking == .budget)
    #expect(ModelTraits("gemini-3-pro-preview").thinking == .effort)
    #expect(ModelTraits("gemini-flash-latest").thinking == .effort)
  }

  @Test func defaultLimits() {
    #expect(ModelTraits("claude-3-opus-20240229").defaultMaxTokens == 4096)
    #expect(ModelTraits("claude-3-5-sonnet-20241022").defaultMaxTokens == 8192)
    #expect(ModelTraits("claude-opus-4-1").defaultMaxTokens == 16_384)
  }

  @Test func samplingWithoutThinking() throws {
    let options = GenerationOptions(temperature: 0.5, reasoning: .off)
    #expect(try Bodies.dropped(.openAI(key: "k"), "gpt-5.2", options) == [])
    #expect(try Bodies.dropped(.openAI(key: "k"), "gpt-5", options) == ["temperature"])
  }
}
