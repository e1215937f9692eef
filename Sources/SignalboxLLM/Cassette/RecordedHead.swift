import Wire

/// What of a request and an answer may be written into a file.
enum RecordedHead {
  /// Response headers that a client acts on and that hold no secret. What is not named here is not recorded.
  private static let kept: Set<String> = [
    "content-type", "content-encoding", "cache-control", "retry-after", "retry-after-ms", "x-should-retry",
    "request-id", "x-request-id", "openai-processing-ms", "openai-version", "openai-model",
  ]
  private static let keptPrefixes = ["x-ratelimit-", "anthropic-ratelimit-"]
  /// Query parameters that say how to answer; the values of all others, keys among them, are replaced.
  private static let keptParameters: Set<Substring> = ["alt", "api-version", "stream"]

  static func headers(_ headers: [(name: String, value: String)]) -> [Cassette.Header] {
    headers.compactMap { name, value in
      let name = name.lowercased()
      guard kept.contains(name) || keptPrefixes.contains(where: { name.hasPrefix($0) }) else { return nil }
      return Cassette.Header(name: name, value: scrub(value))
    }
  }

  static func path(_ path: String) -> String {
    let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return path }
    let query = parts[1].split(separator: "&").map { pair in
      let name = pair.prefix { $0 != "=" }
      return keptParameters.contains(name) ? String(pair) : "\(name)=…"
    }
    return parts[0] + "?" + query.joined(separator: "&")
  }

  /// The text without what looks like a key.
  static func scrub(_ text: String) -> String {
    var text = text
    var writer = ByteWriter(capacity: text.utf8.count)
    text.withUTF8 { KeyScrubber.append(UnsafeRawBufferPointer($0), to: &writer) }
    return writer.string
  }
}
