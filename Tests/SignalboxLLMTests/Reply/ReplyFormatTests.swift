import Testing

@testable import SignalboxLLM

@Suite struct ReplyFormatTests {
  private func format(_ path: String) -> ReplyFormat? {
    Array(path.utf8).withUnsafeBytes { ReplyFormat(path: $0) }
  }

  @Test(arguments: [
    ("/v1/chat/completions", ReplyFormat.chat), ("/chat/completions", .chat),
    ("/openai/deployments/my-gpt/chat/completions", .chat), ("/openai/v1/chat/completions", .chat),
    ("/v1beta/openai/chat/completions", .chat), ("/v1/completions", .completions),
    ("/openai/deployments/d/completions", .completions), ("/v1/embeddings", .embeddings),
    ("/api/embed", .embeddings), ("/api/embeddings", .embeddings), ("/v1/responses", .responses),
    ("/openai/v1/responses", .responses), ("/v1/messages", .messages), ("/messages", .messages),
    ("/anthropic/v1/messages", .messages), ("/v1beta/models/gemini-2.5-pro:streamGenerateContent", .gemini),
    ("/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent", .gemini),
    ("/api/chat", .ollama), ("/api/generate", .ollama),
    ("/model/anthropic.claude/converse-stream", .converse),
    ("/model/m/converse", .converse),
  ])
  func recognisesCalls(_ path: String, _ expected: ReplyFormat) { #expect(format(path) == expected) }

  @Test(arguments: [
    "/v1/messages/count_tokens", "/v1/messages/batches", "/v1/threads/thread_1/messages", "/v1/batches",
    "/v1/responses/resp_1/cancel", "/v1/responses/input_tokens", "/v1/responses/compact",
    "/v1/chat/completions/chatcmpl_1", "/v1beta/models/g:countTokens", "/v1beta/models/g:embedContent",
    "/v1beta/models/g:batchGenerateContent", "/api/tags", "/api/pull", "/v1/models", "/v1/images/generations",
    "/v1/audio/transcriptions", "/v1/conversations/c/items", "/vx/messages", "/v/messages", "/x/messages", "",
    "/",
  ])
  func leavesTheRestAlone(_ path: String) { #expect(format(path) == nil) }
}
