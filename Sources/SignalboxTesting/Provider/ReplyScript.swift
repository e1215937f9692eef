public import Signalbox
public import SignalboxLLM

/// What a scripted provider says, whatever form it says it in.
public struct ReplyScript: Sendable {
  /// Comes before the text.
  public var reasoning = ""
  public var text: String
  /// Come after the text.
  public var toolCalls: [ToolCall]
  /// How many pieces each text comes in.
  public var chunks: Int
  /// Nil: the provider says nothing of tokens.
  public var usage: TokenUsage?
  /// As the format calls it; nil: what is usual for the text or the tool calls.
  public var finishReason: String?
  public var id = "reply-1"
  /// Nil: the one that was asked for.
  public var model: String?
  /// Breaks the stream off after the text with an error of this message, inside the stream.
  public var errorInStream: String?

  public init(
    _ text: String = "", reasoning: String = "", toolCalls: [ToolCall] = [], chunks: Int = 5,
    usage: TokenUsage? = TokenUsage(input: 9, output: 5, provenance: .providerFinal),
    finishReason: String? = nil
  ) {
    self.text = text
    self.reasoning = reasoning
    self.toolCalls = toolCalls
    self.chunks = chunks
    self.usage = usage
    self.finishReason = finishReason
  }

  /// A text in that many pieces of about the same length, between characters; fewer when there are fewer of those.
  func pieces(_ text: String) -> [String] {
    guard !text.isEmpty else { return [] }
    let characters = Array(text)
    let count = min(max(1, chunks), characters.count)
    return (0..<count).map { piece in
      String(characters[piece * characters.count / count..<(piece + 1) * characters.count / count])
    }
  }
}
