internal import Fetch
internal import JSONScan
internal import SignalboxLLM
internal import Wire

/// Whether the gateway asks for the usage of streamed chat completions whose client did not choose.
///
/// Without usage at the end of a stream nobody but the provider knows what it cost. What the question adds to the
/// answer is taken out again, so that the client does not notice.
package enum UsagePolicy: String, CaseIterable, Sendable {
  /// Ask, whatever server it is.
  case ask
  case never
  /// Ask OpenAI, and Azure where its version is known to answer.
  case auto
}

/// The question for usage of one call.
enum GatewayUsage {
  /// The first version of Azure's API that knows `stream_options`, of those that are no preview.
  private static let azureVersion = "2024-10-21"

  /// The request with the question; nil when it is not to be asked, or too large to be read. `body` has padding
  /// behind it; `url` is the request's own.
  static func ask(
    _ body: SharedBytes, of upstream: GatewayUpstream, url: String, head: HTTPRequestHead, parser: JSONParser
  ) -> SharedBytes? {
    guard body.count <= CallTap.bodyLimit, policy(upstream.usage, allows: url, head), isOpen(head) else {
      return nil
    }
    let asked = UsageQuestion.ask(body.raw, parser: parser)
    withExtendedLifetime(body) {}
    return asked
  }

  private static func policy(_ policy: UsagePolicy, allows url: String, _ head: HTTPRequestHead) -> Bool {
    switch policy {
    case .ask: true
    case .never: false
    case .auto: answers(url, head)
    }
  }

  /// Servers that answer the question as OpenAI documents it, and would answer a client that did not ask without
  /// any trace of it.
  private static func answers(_ url: String, _ head: HTTPRequestHead) -> Bool {
    guard let scheme = url.firstRange(of: "://")?.upperBound else { return false }
    let host = url[scheme...].prefix { $0 != "/" && $0 != ":" }.lowercased()
    if host == "api.openai.com" || host.hasSuffix(".api.openai.com") { return true }
    guard host.hasSuffix(".openai.azure.com") || host.hasSuffix(".cognitiveservices.azure.com") else {
      return false
    }
    if url.contains("/openai/v1/") { return true }
    return head.query["api-version"].map { $0.prefix(10) >= azureVersion[...] } ?? false
  }

  /// Nothing in the head depends on the body's bytes, and the client takes an answer that is not compressed.
  private static func isOpen(_ head: HTTPRequestHead) -> Bool {
    for name in ["content-encoding", "content-md5", "digest", "content-digest", "repr-digest", "signature"]
      as [StaticString]
    {
      if head.value(name) != nil { return false }
    }
    guard let accepted = head.value("accept-encoding") else { return true }
    let words = accepted.lowercased().filter { $0 != " " && $0 != "\t" }
    return !words.contains("identity;q=0") && !words.contains("*;q=0")
  }
}

extension FetchHead {
  /// A stream of events that is not compressed.
  var isPlainStream: Bool {
    var isStream = false
    var isPlain = true
    forEachHeader { name, value in
      if HTTPCharacters.equal(name, "content-type") {
        isStream = HTTPCharacters.equal(
          UnsafeRawBufferPointer(rebasing: value.prefix("text/event-stream".utf8.count)), "text/event-stream")
      } else if HTTPCharacters.equal(name, "content-encoding") {
        isPlain = HTTPCharacters.equal(value, "identity")
      }
    }
    return (200..<300).contains(status) && isStream && isPlain
  }
}
