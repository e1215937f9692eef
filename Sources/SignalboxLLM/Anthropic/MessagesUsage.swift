internal import JSONScan
internal import Signalbox

extension TokenUsage {
  /// Takes what a usage object of Anthropic Messages tells, and leaves what it does not, or tells as null: the
  /// numbers of a stream are cumulative, so they replace and never add.
  ///
  /// `input_tokens` excludes what was read from or written to a cache. `countsOutput` is false where
  /// `output_tokens` only holds the place, as in `message_start`.
  mutating func take(anthropic value: JSONValueView, countsOutput: Bool) {
    if let count = value["input_tokens"]?.count { input = count }
    if let count = value["cache_read_input_tokens"]?.count { cachedRead = count }
    let kept = value["cache_creation"]
    if let count = kept?["ephemeral_1h_input_tokens"]?.count { cacheWrite1h = count }
    if let count = value["cache_creation_input_tokens"]?.count {
      cacheWrite = count
    } else if let count = kept?["ephemeral_5m_input_tokens"]?.count {
      cacheWrite = count + (cacheWrite1h ?? 0)
    }
    guard countsOutput else { return }
    if let count = value["output_tokens"]?.count { output = count }
    if let count = value["output_tokens_details"]?["thinking_tokens"]?.count { reasoning = count }
  }
}
