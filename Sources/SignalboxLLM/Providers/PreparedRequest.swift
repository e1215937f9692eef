internal import Fetch
internal import Signalbox
internal import Wire

/// A request that is ready to be sent, as often as need be.
struct PreparedRequest: Sendable {
  let url: String
  /// The path that is called, for events.
  let path: String
  let headers: [FetchHeader]
  let body: SharedBytes
  let format: ReplyFormat
  /// Options that were given and are not sent.
  let dropped: [String]
  /// The key, so that no message repeats it.
  let key: Secret?

  /// Takes the key out of a text that a provider or a server between wrote.
  func redact(_ text: String) -> String {
    guard let key = key?.value, key.utf8.count >= 6 else { return text }
    return text.replacing(key, with: "…")
  }
}

extension Provider {
  /// Translates a request for this provider. Throws `invalidRequest` and `unauthorized`.
  func prepare(
    _ request: LLMRequest, isStream: Bool, environment: ProcessEnvironment
  ) throws(LLMError) -> PreparedRequest {
    try check(request)
    let key = try key(environment)
    var plan = RequestPlan(request, isStream: isStream, provider: self)
    let body: SharedBytes
    switch api {
    case .chat: body = ChatBody.write(plan)
    case .responses: body = ResponsesBody.write(plan)
    case .messages: body = MessagesBody.write(&plan)
    case .gemini: body = GeminiBody.write(plan)
    case .ollama: body = OllamaBody.write(plan)
    case .converse: body = ConverseBody.write(&plan)
    }
    let base = try base(environment)
    var path = path(model: request.model, isStream: isStream, environment: environment)
    // A version that the address ends with and the path begins with is written once.
    for version in ["/v1", "/v1beta"] where base.hasSuffix(version) && path.hasPrefix(version + "/") {
      path.removeFirst(version.count)
    }
    return PreparedRequest(
      url: base + path, path: String(path.prefix { $0 != "?" }),
      headers: headers(key: key, isStream: isStream),
      body: body, format: format, dropped: plan.dropped, key: key)
  }

  private var format: ReplyFormat {
    switch api {
    case .chat: .chat
    case .responses: .responses
    case .messages: .messages
    case .gemini: .gemini
    case .ollama: .ollama
    case .converse: .converse
    }
  }

  private func check(_ request: LLMRequest) throws(LLMError) {
    guard !request.model.isEmpty else { throw LLMError(.invalidRequest, "the request names no model") }
    guard request.messages.contains(where: { !$0.content.isEmpty }) else {
      throw LLMError(.invalidRequest, "the request has no message")
    }
    for part in request.messages.lazy.flatMap(\.content) {
      guard case .image = part else { continue }
      guard capabilities.contains(.images) else {
        throw LLMError(.invalidRequest, "\(name) takes no images")
      }
      guard part.imageURL == nil || capabilities.contains(.imageURLs) else {
        throw LLMError(.invalidRequest, "\(name) fetches no images by URL: send the bytes along")
      }
    }
  }

  private func key(_ environment: ProcessEnvironment) throws(LLMError) -> Secret? {
    if let key {
      guard !key.value.isEmpty else {
        throw LLMError(.unauthorized, "the key that was given for \(name) is empty")
      }
      return key
    }
    if let found = keyVariables.lazy.compactMap({ environment[$0] }).first { return Secret(found) }
    guard needsKey else { return nil }
    throw LLMError(
      .unauthorized, "there is no key for \(name): set \(keyVariables.joined(separator: " or ")), or give one"
    )
  }

  private func base(_ environment: ProcessEnvironment) throws(LLMError) -> String {
    guard var base = url.value(environment) ?? region.flatMap({ $0.value(environment) }).map(Self.bedrockURL)
    else {
      throw LLMError(
        .invalidRequest,
        "there is no address for \(name): set \(url.variables.joined(separator: " or ")), or give one")
    }
    if api == .ollama, !base.contains("://") {
      // What Ollama itself reads: a host, with or without a port.
      base = "http://" + base.replacing("0.0.0.0", with: "127.0.0.1") + (base.contains(":") ? "" : ":11434")
    }
    while base.hasSuffix("/") { base.removeLast() }
    guard base.hasPrefix("http://") || base.hasPrefix("https://") else {
      throw LLMError(.invalidRequest, "the address of \(name) must begin with http:// or https://")
    }
    return base
  }

  private static func bedrockURL(_ region: String) -> String {
    "https://bedrock-runtime.\(pathSegment(region)).amazonaws.com"
  }

  private func path(model: String, isStream: Bool, environment: ProcessEnvironment) -> String {
    switch api {
    case .chat where dialect == .azure:
      guard let version = version?.value(environment) else { return "/openai/v1/chat/completions" }
      let deployment = pathSegment(deployment ?? model)
      return "/openai/deployments/\(deployment)/chat/completions?api-version=\(pathSegment(version))"
    case .chat: return "/chat/completions"
    case .responses: return "/responses"
    case .messages: return "/v1/messages"
    case .gemini:
      let parts = model.split(separator: "/").map { pathSegment(String($0)) }
      let place = parts.count > 1 ? parts.joined(separator: "/") : "models/" + parts.joined()
      return "/v1beta/\(place):" + (isStream ? "streamGenerateContent?alt=sse" : "generateContent")
    case .ollama: return "/api/chat"
    case .converse: return "/model/\(pathSegment(model))/" + (isStream ? "converse-stream" : "converse")
    }
  }

  private func headers(key: Secret?, isStream: Bool) -> [FetchHeader] {
    var all = [FetchHeader("Content-Type", "application/json"), FetchHeader("User-Agent", "signalbox")]
    all.append(FetchHeader("Accept", isStream ? streamType : "application/json"))
    if api == .messages { all.append(FetchHeader("anthropic-version", "2023-06-01")) }
    if let key {
      let value = keyHeader == .bearer ? "Bearer \(key.value)" : key.value
      all.append(FetchHeader(keyHeader.rawValue, value))
    }
    for header in headers {
      all.removeAll { $0.name.lowercased() == header.name.lowercased() }
      all.append(FetchHeader(header.name, header.value.value))
    }
    return all
  }

  private var streamType: String {
    switch api {
    case .ollama: "application/x-ndjson"
    case .converse: "application/vnd.amazon.eventstream"
    default: "text/event-stream"
    }
  }
}
