package import JSONScan
package import Signalbox
package import Wire

extension TokenUsage {
  /// Reads the usage object of OpenAI Chat Completions, whose totals include cached and reasoning tokens; the
  /// provider's word so far, until the reply is whole.
  package init(openAI value: JSONValueView) {
    let input = value["prompt_tokens_details"]
    self.init(provenance: .providerPartial)
    // DeepSeek tells cached tokens beside the totals.
    cachedRead = input?["cached_tokens"]?.count ?? value["prompt_cache_hit_tokens"]?.count
    cacheWrite = input?["cache_write_tokens"]?.count
    if let prompt = value["prompt_tokens"]?.count {
      self.input = max(0, prompt - (cachedRead ?? 0) - (cacheWrite ?? 0))
    }
    output = value["completion_tokens"]?.count
    reasoning = value["completion_tokens_details"]?["reasoning_tokens"]?.count
  }

  /// Reads the usage object of OpenAI Responses, whose totals include cached and reasoning tokens.
  package init(responses value: JSONValueView) {
    let input = value["input_tokens_details"]
    self.init(provenance: .providerPartial)
    cachedRead = input?["cached_tokens"]?.count
    cacheWrite = input?["cache_write_tokens"]?.count
    if let all = value["input_tokens"]?.count {
      self.input = max(0, all - (cachedRead ?? 0) - (cacheWrite ?? 0))
    }
    output = value["output_tokens"]?.count
    reasoning = value["output_tokens_details"]?["reasoning_tokens"]?.count
  }

  /// Reads the `usageMetadata` of Gemini.
  ///
  /// Its total is prompt + tool use + what was generated, thoughts among it; whether `candidatesTokenCount` includes
  /// the thoughts is told differently from place to place. So output = total − prompt − tool use, and only where
  /// there is no total, candidates + thoughts. What tools gave the model to read is input; the prompt includes what
  /// came from the cache.
  package init(gemini value: JSONValueView) {
    let prompt = value["promptTokenCount"]?.count
    let toolUse = value["toolUsePromptTokenCount"]?.count ?? 0
    self.init(provenance: .providerPartial)
    cachedRead = value["cachedContentTokenCount"]?.count
    reasoning = value["thoughtsTokenCount"]?.count
    if let prompt { input = max(0, prompt + toolUse - (cachedRead ?? 0)) }
    if let total = value["totalTokenCount"]?.count {
      output = max(0, total - (prompt ?? 0) - toolUse)
    } else if let candidates = value["candidatesTokenCount"]?.count {
      output = candidates + (reasoning ?? 0)
    }
  }
}

extension ByteWriter {
  /// Writes the `usage` object of an event; `raw` is the provider's own, as JSON.
  package mutating func append(usage: TokenUsage, cost: Cost? = nil, raw: UnsafeRawBufferPointer? = nil) {
    append(UInt8(ascii: "{"))
    append(count: "\"input\":", usage.input)
    append(count: "\"cached_read\":", usage.cachedRead)
    append(count: "\"cache_write\":", usage.cacheWrite)
    append(count: "\"cache_write_1h\":", usage.cacheWrite1h)
    append(count: "\"output\":", usage.output)
    append(count: "\"reasoning\":", usage.reasoning)
    append(count: "\"total\":", usage.total)
    switch usage.provenance {
    case .providerFinal: append("\"provenance\":\"provider_final\"")
    case .providerPartial: append("\"provenance\":\"provider_partial\"")
    case .estimated(let confidence):
      append("\"provenance\":\"estimated\",\"confidence\":")
      append(json: confidence)
    }
    if let cost {
      append(",\"cost\":")
      append(cost: cost)
    }
    if let raw {
      append(",\"raw\":")
      append(raw)
    }
    append(UInt8(ascii: "}"))
  }

  private mutating func append(count key: StaticString, _ value: Int64?) {
    guard let value else { return }
    append(key)
    append(decimal: value)
    append(UInt8(ascii: ","))
  }
}

extension JSONValueView {
  /// A number of things: a whole number from 0 to 2^53, also where it is written as `12.0`.
  var count: Int64? {
    guard let number = int ?? double.flatMap({ Int64(exactly: $0) }) else { return nil }
    return 0...EventRules.largestInteger ~= number ? number : nil
  }
}
