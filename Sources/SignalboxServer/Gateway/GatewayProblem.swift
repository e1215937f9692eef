internal import Fetch
internal import SignalboxLLM
internal import Wire

/// An answer of the gateway itself, in the form that clients of OpenAI understand too.
package struct GatewayProblem: Equatable, Sendable {
  package var status: Int
  package var code: String
  package var message: String
}

extension GatewayProblem {
  /// Providers that many use, and whose URL depends on the user or that not everybody wants.
  private static let wellKnown = [
    "azure": "https://RESOURCE.openai.azure.com", "bedrock": "https://bedrock-runtime.REGION.amazonaws.com",
    "deepseek": "https://api.deepseek.com", "fireworks": "https://api.fireworks.ai/inference",
    "groq": "https://api.groq.com/openai", "mistral": "https://api.mistral.ai",
    "openrouter": "https://openrouter.ai/api", "perplexity": "https://api.perplexity.ai",
    "together": "https://api.together.xyz", "vertex": "https://REGION-aiplatform.googleapis.com",
    "xai": "https://api.x.ai",
  ]

  /// The path names a provider that the gateway was not told of, or it ends like a model call; nil: neither. It must
  /// lead to no upstream.
  init?(missing path: UnsafeRawBufferPointer, method: HTTPMethod?, upstreams: [GatewayUpstream]) {
    var parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
    if let first = parts.first, first.elementsEqual("g".utf8), parts.count > 3 { parts = parts.dropFirst(3) }
    guard let first = parts.first, !first.isEmpty else { return nil }
    let name = String(decoding: first, as: UTF8.self)
    let isCall =
      method == .post && ReplyFormat(path: UnsafeRawBufferPointer(rebasing: path[first.endIndex...])) != nil
    guard Self.wellKnown[name] != nil || isCall else { return nil }
    status = 404
    code = "unknown_upstream"
    if let upstream = upstreams.first(where: { $0.name == "openai" }) ?? upstreams.first, name == "v1" {
      let rest = String(decoding: path[(first.startIndex - 1)...], as: UTF8.self)
      message =
        "The path does not say where to: put the name of an upstream before it, as in /\(upstream.name)\(rest)"
    } else {
      let url = Self.wellKnown[name] ?? "https://…"
      message = "The gateway has no upstream named '\(name)': start it with --upstream \(name)=\(url)"
    }
  }

  /// The call was ended before an answer came. No client library tries again after this status.
  init(stopped failure: CallFailure) {
    self.init(
      status: 499, code: failure.budget == nil ? "cancelled" : "budget_exceeded",
      message: String(decoding: failure.message, as: UTF8.self))
  }

  /// Why no answer came.
  init(_ error: FetchError, upstream: String) {
    switch error.code {
    case .timeout: self.init(status: 504, code: "upstream_timeout", message: error.message)
    case .couldNotResolve, .couldNotConnect, .tls:
      self.init(status: 502, code: "upstream_unreachable", message: error.message)
    case .invalidRequest: self.init(status: 400, code: "invalid_request", message: error.message)
    default: self.init(status: 502, code: "upstream_failed", message: error.message)
    }
    message = "upstream \(upstream): \(message)"
  }
}
