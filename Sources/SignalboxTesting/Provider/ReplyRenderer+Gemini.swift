import Signalbox
import SignalboxLLM

/// Google Gemini and Ollama, whose tools' arguments are objects.
extension ReplyRenderer {
  func geminiStream() -> [[UInt8]] {
    var events = script.pieces(script.reasoning).map {
      event(gemini(parts: ["{\"text\":\(quoted($0)),\"thought\":true}"], finish: nil))
    }
    events += script.pieces(script.text).map {
      event(gemini(parts: ["{\"text\":\(quoted($0))}"], finish: nil))
    }
    if let message = script.errorInStream {
      return events + [event(ReplyRenderer.refusal(status: 503, message, format: .gemini))]
    }
    events.append(event(gemini(parts: geminiCalls(), finish: finishReason("STOP", tools: "STOP"))))
    return events
  }

  func geminiParts() -> [String] {
    var parts: [String] = []
    if !script.reasoning.isEmpty { parts.append("{\"text\":\(quoted(script.reasoning)),\"thought\":true}") }
    if !script.text.isEmpty { parts.append("{\"text\":\(quoted(script.text))}") }
    return parts + geminiCalls()
  }

  private func geminiCalls() -> [String] {
    script.toolCalls.map { call in
      "{\"functionCall\":{\"id\":\(quoted(call.id)),\"name\":\(quoted(call.name)),\"args\":\(call.arguments)}}"
    }
  }

  func gemini(parts: [String], finish: String?) -> String {
    var text =
      "{\"candidates\":[{\"content\":{\"parts\":[\(parts.joined(separator: ","))],\"role\":\"model\"}"
    if let finish { text += ",\"finishReason\":\(quoted(finish))" }
    text += ",\"index\":0}]"
    if finish != nil, let usage = script.usage {
      text +=
        ",\"usageMetadata\":{\"promptTokenCount\":\(usage.promptTokens)"
        + ",\"cachedContentTokenCount\":\(usage.cachedRead ?? 0)"
        + ",\"candidatesTokenCount\":\(usage.completionTokens - (usage.reasoning ?? 0))"
        + ",\"thoughtsTokenCount\":\(usage.reasoning ?? 0),\"totalTokenCount\":\(usage.total)}"
    }
    return text + ",\"modelVersion\":\(quoted(model)),\"responseId\":\(quoted(script.id))}"
  }

  func ollamaStream() -> [[UInt8]] {
    func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }
    var lines = script.pieces(script.reasoning).map {
      line(ollama(text: "", thinking: $0, isDone: false, tools: []))
    }
    lines += script.pieces(script.text).map { line(ollama(text: $0, thinking: "", isDone: false, tools: [])) }
    if let message = script.errorInStream { return lines + [line("{\"error\":\(quoted(message))}")] }
    if !script.toolCalls.isEmpty {
      lines.append(line(ollama(text: "", thinking: "", isDone: false, tools: script.toolCalls)))
    }
    return lines + [line(ollama(text: "", thinking: "", isDone: true, tools: []))]
  }

  func ollama(text: String, thinking: String, isDone: Bool, tools: [ToolCall]) -> String {
    var message = "\"role\":\"assistant\",\"content\":\(quoted(text))"
    if !thinking.isEmpty { message += ",\"thinking\":\(quoted(thinking))" }
    if !tools.isEmpty {
      let calls = tools.enumerated().map { place, call in
        "{\"function\":{\"index\":\(place),\"name\":\(quoted(call.name)),\"arguments\":\(call.arguments)}}"
      }
      message += ",\"tool_calls\":[\(calls.joined(separator: ","))]"
    }
    var line =
      "{\"model\":\(quoted(model)),\"created_at\":\"2026-11-21T09:30:00Z\",\"message\":{\(message)}"
      + ",\"done\":\(isDone)"
    if isDone {
      line += ",\"done_reason\":\(quoted(finishReason("stop", tools: "stop"))),\"total_duration\":1000000"
      if let usage = script.usage {
        line += ",\"prompt_eval_count\":\(usage.promptTokens),\"eval_count\":\(usage.completionTokens)"
      }
    }
    return line + "}"
  }
}
