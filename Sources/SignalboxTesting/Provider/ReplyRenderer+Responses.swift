import Signalbox
import SignalboxLLM

/// OpenAI Responses.
extension ReplyRenderer {
  mutating func responsesStream() -> [[UInt8]] {
    var events = [
      numbered("response.created", "\"response\":\(response(status: "in_progress", output: []))")
    ]
    var output: [String] = []
    if !script.reasoning.isEmpty {
      let at = "\"output_index\":\(output.count)"
      let id = "\"item_id\":\"rs_1\",\"summary_index\":0"
      let empty = "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[]}"
      events.append(numbered("response.output_item.added", "\(at),\"item\":\(empty)"))
      for piece in script.pieces(script.reasoning) {
        events.append(
          numbered("response.reasoning_summary_text.delta", "\(id),\(at),\"delta\":\(quoted(piece))"))
      }
      events.append(
        numbered("response.reasoning_summary_text.done", "\(id),\(at),\"text\":\(quoted(script.reasoning))"))
      events.append(numbered("response.output_item.done", "\(at),\"item\":\(reasoningItem)"))
      output.append(reasoningItem)
    }
    if !script.text.isEmpty || script.errorInStream != nil {
      events += messageItem(place: output.count)
      output.append(message(text: script.text))
    }
    if let message = script.errorInStream {
      events.append(
        numbered("error", "\"code\":\"server_error\",\"message\":\(quoted(message)),\"param\":null"))
      return events
    }
    for call in script.toolCalls {
      let at = "\"output_index\":\(output.count)"
      events.append(numbered("response.output_item.added", "\(at),\"item\":\(item(call, arguments: ""))"))
      for piece in script.pieces(call.arguments) {
        events.append(
          numbered(
            "response.function_call_arguments.delta",
            "\"item_id\":\(quoted("fc_" + call.id)),\(at),\"delta\":\(quoted(piece))"))
      }
      events.append(
        numbered(
          "response.function_call_arguments.done",
          "\"item_id\":\(quoted("fc_" + call.id)),\(at),\"arguments\":\(quoted(call.arguments))"))
      let whole = item(call, arguments: call.arguments)
      events.append(numbered("response.output_item.done", "\(at),\"item\":\(whole)"))
      output.append(whole)
    }
    let isIncomplete = script.finishReason == "incomplete"
    events.append(
      numbered(
        isIncomplete ? "response.incomplete" : "response.completed",
        "\"response\":\(response(status: isIncomplete ? "incomplete" : "completed", output: output))"))
    return events
  }

  private mutating func messageItem(place: Int) -> [[UInt8]] {
    let at = "\"output_index\":\(place)"
    let id = "\"item_id\":\"msg_1\",\"content_index\":0"
    let empty =
      "{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}"
    let part = "\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}"
    var events = [
      numbered("response.output_item.added", "\(at),\"item\":\(empty)"),
      numbered("response.content_part.added", "\(id),\(at),\(part)"),
    ]
    for piece in script.pieces(script.text) {
      events.append(numbered("response.output_text.delta", "\(id),\(at),\"delta\":\(quoted(piece))"))
    }
    guard script.errorInStream == nil else { return events }
    let whole = "\"part\":\(textPart(script.text))"
    events.append(numbered("response.output_text.done", "\(id),\(at),\"text\":\(quoted(script.text))"))
    events.append(numbered("response.content_part.done", "\(id),\(at),\(whole)"))
    events.append(numbered("response.output_item.done", "\(at),\"item\":\(message(text: script.text))"))
    return events
  }

  func wholeResponse() -> String {
    var output: [String] = []
    if !script.reasoning.isEmpty { output.append(reasoningItem) }
    if !script.text.isEmpty { output.append(message(text: script.text)) }
    output += script.toolCalls.map { item($0, arguments: $0.arguments) }
    return response(status: "completed", output: output)
  }

  private var reasoningItem: String {
    "{\"type\":\"reasoning\",\"id\":\"rs_1\""
      + ",\"summary\":[{\"type\":\"summary_text\",\"text\":\(quoted(script.reasoning))}]}"
  }

  private func message(text: String) -> String {
    "{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"completed\",\"role\":\"assistant\""
      + ",\"content\":[\(textPart(text))]}"
  }

  private func textPart(_ text: String) -> String {
    "{\"type\":\"output_text\",\"text\":\(quoted(text)),\"annotations\":[]}"
  }

  private func item(_ call: ToolCall, arguments: String) -> String {
    "{\"type\":\"function_call\",\"id\":\(quoted("fc_" + call.id)),\"call_id\":\(quoted(call.id))"
      + ",\"name\":\(quoted(call.name)),\"arguments\":\(quoted(arguments))}"
  }

  private func response(status: String, output: [String]) -> String {
    var text =
      "{\"id\":\(quoted(script.id)),\"object\":\"response\",\"created_at\":1795253400,\"status\":\"\(status)\""
      + ",\"model\":\(quoted(model)),\"output\":[\(output.joined(separator: ","))]"
    if status == "incomplete" { text += ",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}" }
    if status != "in_progress", let usage = script.usage {
      text +=
        ",\"usage\":{\"input_tokens\":\(usage.promptTokens)"
        + ",\"input_tokens_details\":{\"cached_tokens\":\(usage.cachedRead ?? 0)}"
        + ",\"output_tokens\":\(usage.completionTokens)"
        + ",\"output_tokens_details\":{\"reasoning_tokens\":\(usage.reasoning ?? 0)}"
        + ",\"total_tokens\":\(usage.total)}"
    }
    return text + "}"
  }

  private mutating func numbered(_ type: String, _ members: String) -> [UInt8] {
    defer { sequence += 1 }
    return event("{\"type\":\"\(type)\",\"sequence_number\":\(sequence),\(members)}", name: type)
  }
}
