import Signalbox
import SignalboxLLM

/// Anthropic Messages.
extension ReplyRenderer {
  func messagesStream() -> [[UInt8]] {
    // The output tokens of the first event are a placeholder, as they are in the original.
    var events = [
      named(
        "message_start",
        "\"message\":\(message(content: [], stop: nil, usage: script.usage.map { anthropic($0, output: 1) }))"
      ),
      named("ping"),
    ]
    var place = 0
    func add(_ block: String, _ deltas: [String]) {
      events.append(named("content_block_start", "\"index\":\(place),\"content_block\":\(block)"))
      for delta in deltas {
        events.append(named("content_block_delta", "\"index\":\(place),\"delta\":\(delta)"))
      }
      events.append(named("content_block_stop", "\"index\":\(place)"))
      place += 1
    }
    if !script.reasoning.isEmpty {
      let signature = "{\"type\":\"signature_delta\",\"signature\":\"c2lnbmVk\"}"
      add(
        "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
        script.pieces(script.reasoning).map { "{\"type\":\"thinking_delta\",\"thinking\":\(quoted($0))}" }
          + [signature])
    }
    if !script.text.isEmpty {
      add(
        "{\"type\":\"text\",\"text\":\"\"}",
        script.pieces(script.text).map { "{\"type\":\"text_delta\",\"text\":\(quoted($0))}" })
    }
    if let message = script.errorInStream {
      events.append(
        named("error", "\"error\":{\"type\":\"overloaded_error\",\"message\":\(quoted(message))}"))
      return events
    }
    for call in script.toolCalls {
      add(
        "{\"type\":\"tool_use\",\"id\":\(quoted(call.id)),\"name\":\(quoted(call.name)),\"input\":{}}",
        script.pieces(call.arguments).map { "{\"type\":\"input_json_delta\",\"partial_json\":\(quoted($0))}" }
      )
    }
    let stop = "\"delta\":{\"stop_reason\":\(quoted(finishReason("end_turn", tools: "tool_use")))}"
    let usage = script.usage.map { ",\"usage\":{\"output_tokens\":\($0.completionTokens)}" } ?? ""
    events.append(named("message_delta", stop + usage))
    return events + [named("message_stop")]
  }

  func wholeMessage() -> String {
    var content: [String] = []
    if !script.reasoning.isEmpty {
      content.append(
        "{\"type\":\"thinking\",\"thinking\":\(quoted(script.reasoning)),\"signature\":\"c2lnbmVk\"}")
    }
    if !script.text.isEmpty { content.append("{\"type\":\"text\",\"text\":\(quoted(script.text))}") }
    content += script.toolCalls.map { call in
      "{\"type\":\"tool_use\",\"id\":\(quoted(call.id)),\"name\":\(quoted(call.name))"
        + ",\"input\":\(call.arguments)}"
    }
    return message(
      content: content, stop: finishReason("end_turn", tools: "tool_use"),
      usage: script.usage.map { anthropic($0, output: $0.completionTokens) })
  }

  private func message(content: [String], stop: String?, usage: String?) -> String {
    "{\"id\":\(quoted(script.id)),\"type\":\"message\",\"role\":\"assistant\",\"model\":\(quoted(model))"
      + ",\"content\":[\(content.joined(separator: ","))],\"stop_reason\":\(stop.map(quoted) ?? "null")"
      + ",\"stop_sequence\":null\(usage.map { ",\"usage\":\($0)" } ?? "")}"
  }

  private func anthropic(_ usage: TokenUsage, output: Int64) -> String {
    "{\"input_tokens\":\(usage.input ?? 0),\"cache_creation_input_tokens\":\(usage.cacheWrite ?? 0)"
      + ",\"cache_read_input_tokens\":\(usage.cachedRead ?? 0),\"output_tokens\":\(output)}"
  }

  private func named(_ type: String, _ members: String = "") -> [UInt8] {
    event("{\"type\":\"\(type)\"\(members.isEmpty ? "" : ",")\(members)}", name: type)
  }
}
