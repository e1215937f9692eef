internal import JSONScan
internal import Signalbox

extension TokenUsage {
  /// Reads the usage object of Bedrock Converse, whose `inputTokens` excludes the cache.
  init(converse value: JSONValueView) {
    self.init(provenance: .providerPartial)
    input = value["inputTokens"]?.count
    cachedRead = value["cacheReadInputTokens"]?.count
    cacheWrite = value["cacheWriteInputTokens"]?.count
    output = value["outputTokens"]?.count
    var hour: Int64?
    value["cacheDetails"]?.forEachElement { detail in
      guard detail["ttl"]?.text?.elementsEqual("1h") ?? false, let count = detail["inputTokens"]?.count else {
        return
      }
      hour = (hour ?? 0) + count
    }
    cacheWrite1h = hour
  }
}
