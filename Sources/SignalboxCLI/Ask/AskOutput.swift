import Signalbox
import SignalboxLLM

/// What `signalbox ask` prints, event by event.
struct AskOutput {
  let json: Bool
  let stats: Bool
  /// Shows what the model thinks, dimmed, before what it says.
  let showsReasoning: Bool
  let colour: Bool
  /// Why there is no whole answer.
  private(set) var error: LLMError?
  private var channel = DeltaChannel.text
  private var endsInNewline = true

  init(json: Bool, stats: Bool, showsReasoning: Bool, colour: Bool) {
    self.json = json
    self.stats = stats
    self.showsReasoning = showsReasoning
    self.colour = colour
  }

  /// The text to print now.
  mutating func take(_ event: StreamEvent) -> String {
    switch event {
    case .delta(let delta): return take(delta)
    case .restart(let restart):
      guard !json else { return "" }
      return startLine() + "[again: \(PlainText.line(restart.error.message))]\n"
    case .complete(let complete):
      if json { return Self.json(complete.reply).description + "\n" }
      return startLine() + (stats ? Self.stats(complete.reply).rendered(colour: colour) + "\n" : "")
    case .error(let failure):
      error = failure.error
      return json ? "" : startLine()
    default: return ""
    }
  }

  private mutating func take(_ delta: StreamDelta) -> String {
    guard !json, delta.choice == 0 else { return "" }
    var line = StyledLine()
    switch delta.channel {
    case .text, .refusal: break
    case .reasoning: if !showsReasoning { return "" }
    case .toolArguments: return ""
    }
    var start = ""
    if delta.channel != channel {
      start = startLine()
      channel = delta.channel
    }
    let text = PlainText.block(delta.text)
    if !text.isEmpty { endsInNewline = text.hasSuffix("\n") }
    line.add(text, delta.channel == .reasoning ? .dim : .plain)
    return start + line.rendered(colour: colour)
  }

  private mutating func startLine() -> String {
    defer { endsInNewline = true }
    return endsInNewline ? "" : "\n"
  }

  /// `9 in, 48 out · $0.00042 · first token 320 ms · 54.2 tokens/s · 1.21 s`
  static func stats(_ reply: Reply) -> StyledLine {
    var parts: [String] = []
    if let usage = reply.usage {
      let about = usage.provenance.confidence == nil ? "" : "about "
      var tokens = "\(about)\(Figures.count(Int(usage.promptTokens))) in"
      if let cached = usage.cachedRead, cached > 0 { tokens += " (\(Figures.count(Int(cached))) cached)" }
      tokens += ", \(Figures.count(Int(usage.completionTokens))) out"
      if let reasoning = usage.reasoning, reasoning > 0 {
        tokens += " (\(Figures.count(Int(reasoning))) reasoning)"
      }
      parts.append(tokens)
    }
    switch reply.cost {
    case .known(let cost): parts.append(Self.money(cost.total, cost.currency))
    case .unknown(let reason): parts.append("cost unknown: \(PlainText.line(reason))")
    }
    if let first = reply.timing.firstTokenMS {
      parts.append("first token \(Figures.duration(milliseconds: first))")
    }
    // A short answer comes in one read, which has no pace of its own.
    let overall = reply.usage.map { Double($0.completionTokens) / max(reply.timing.durationMS, 1) * 1000 }
    if let rate = reply.timing.tokensPerSecond ?? overall {
      parts.append("\(Figures.fixed(rate, 1)) tokens/s")
    }
    parts.append(Figures.duration(milliseconds: reply.timing.durationMS))
    if let reason = reply.finishReason, reason == "length" || reason == "max_tokens" || reason == "MAX_TOKENS"
    {
      parts.append("cut at the limit of tokens")
    }
    var line = StyledLine()
    line.add(parts.joined(separator: " · "), .dim)
    return line
  }

  /// Two decimals, or as many as it takes to show two figures.
  private static func money(_ amount: Double, _ currency: String) -> String {
    var decimals = 2
    var step = 0.1
    while amount > 0, amount < step, decimals < 9 {
      decimals += 1
      step /= 10
    }
    let figure = Figures.fixed(amount, decimals)
    return currency == "USD" ? "$\(figure)" : "\(figure) \(PlainText.line(currency))"
  }

  static func json(_ reply: Reply) -> JSONValue {
    var object: JSONObject = ["text": .string(reply.text)]
    let reasoning = reply.reasoning.map(\.text).joined()
    if !reasoning.isEmpty { object["reasoning"] = .string(reasoning) }
    object["refusal"] = reply.refusal.map { .string($0) }
    object["provider"] = .string(reply.provider)
    object["model"] = .string(reply.model)
    object["request"] = .string(reply.requestID)
    object["finish_reason"] = reply.finishReason.map { .string($0) }
    object["usage"] = reply.usage?.json
    if case .known(let cost) = reply.cost {
      object["cost"] = ["amount": .double(cost.total), "currency": .string(cost.currency)]
    }
    var timing: JSONObject = ["duration_ms": .double(reply.timing.durationMS)]
    timing["first_delta_ms"] = reply.timing.firstTokenMS.map { .double($0) }
    timing["deltas"] = .int(Int64(reply.timing.deltas))
    timing["tokens_per_second"] = reply.timing.tokensPerSecond.map { .double($0) }
    object["timing"] = .object(timing)
    return .object(object)
  }
}
