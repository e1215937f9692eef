import Signalbox
import SignalboxLLM

/// OpenAI Chat Completions and Completions.
extension ReplyRenderer {
  func chatStream() -> [[UInt8]] {
    var events = [event(chatChunk("{\"role\":\"assistant\",\"content\":\"\"}"))]
    for piece in script.pieces(script.reasoning) {
      events.append(event(chatChunk("{\"reasoning_content\":\(quoted(piece))}")))
    }
    for piece in script.pieces(script.text) {
      events.append(event(chatChunk("{\"content\":\(quoted(piece))}")))
    }
    if let message = script.errorInStream {
      events.append(event(ReplyRenderer.refusal(status: 500, message, format: .chat)))
      return events
    }
    for (place, call) in script.toolCalls.enumerated() {
      let head =
        "\"index\":\(place),\"id\":\(quoted(call.id)),\"type\":\"function\""
        + ",\"function\":{\"name\":\(quoted(call.name)),\"arguments\":\"\"}"
      events.append(event(chatChunk("{\"tool_calls\":[{\(head)}]}")))
      for piece in script.pieces(call.arguments) {
        let call = "{\"index\":\(place),\"function\":{\"arguments\":\(quoted(piece))}}"
        events.append(event(chatChunk("{\"tool_calls\":[\(call)]}")))
      }
    }
    events.append(event(chatChunk("{}", finish: finishReason("stop", tools: "tool_calls"))))
    if let usage = script.usage {
      events.append(event(envelope("chat.completion.chunk", "[]", usage: usage)))
    }
    return events + [event("[DONE]")]
  }

  private func chatChunk(_ delta: String, finish: String? = nil) -> String {
    let finish = finish.map(quoted) ?? "null"
    return envelope(
      "chat.completion.chunk", "[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(finish)}]", usage: nil)
  }

  func wholeChat() -> String {
    var message = "\"role\":\"assistant\",\"content\":\(script.text.isEmpty ? "null" : quoted(script.text))"
    if !script.reasoning.isEmpty { message += ",\"reasoning_content\":\(quoted(script.reasoning))" }
    if !script.toolCalls.isEmpty {
      let calls = script.toolCalls.map { call in
        "{\"id\":\(quoted(call.id)),\"type\":\"function\""
          + ",\"function\":{\"name\":\(quoted(call.name)),\"arguments\":\(quoted(call.arguments))}}"
      }
      message += ",\"tool_calls\":[\(calls.joined(separator: ","))]"
    }
    let finish = quoted(finishReason("stop", tools: "tool_calls"))
    return envelope(
      "chat.completion", "[{\"index\":0,\"message\":{\(message)},\"finish_reason\":\(finish)}]",
      usage: script.usage)
  }

  func completionsStream() -> [[UInt8]] {
    var events = script.pieces(script.text).map { event(completion(text: $0, finish: nil, usage: nil)) }
    if let message = script.errorInStream {
      return events + [event(ReplyRenderer.refusal(status: 500, message, format: .completions))]
    }
    events.append(
      event(completion(text: "", finish: finishReason("stop", tools: "stop"), usage: script.usage)))
    return events + [event("[DONE]")]
  }

  func wholeCompletion() -> String {
    completion(text: script.text, finish: finishReason("stop", tools: "stop"), usage: script.usage)
  }

  private func completion(text: String, finish: String?, usage: TokenUsage?) -> String {
    let finish = finish.map(quoted) ?? "null"
    return envelope(
      "text_completion", "[{\"index\":0,\"text\":\(quoted(text)),\"finish_reason\":\(finish)}]", usage: usage)
  }

  private func envelope(_ object: String, _ choices: String, usage: TokenUsage?) -> String {
    let tokens = usage.map { ",\"usage\":\(openAI($0))" } ?? ""
    return "{\"id\":\(quoted(script.id)),\"object\":\"\(object)\",\"created\":1795253400"
      + ",\"model\":\(quoted(model)),\"choices\":\(choices)\(tokens)}"
  }

  private func openAI(_ usage: TokenUsage) -> String {
    "{\"prompt_tokens\":\(usage.promptTokens),\"completion_tokens\":\(usage.completionTokens)"
      + ",\"total_tokens\":\(usage.total)"
      + ",\"prompt_tokens_details\":{\"cached_tokens\":\(usage.cachedRead ?? 0)}"
      + ",\"completion_tokens_details\":{\"reasoning_tokens\":\(usage.reasoning ?? 0)}}"
  }
}
