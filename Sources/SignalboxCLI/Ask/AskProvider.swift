import SignalboxLLM

/// Which provider a question goes to.
enum AskProvider {
  static let names = [
    "openai", "openai-responses", "anthropic", "gemini", "ollama", "azure", "bedrock", "openrouter", "xai",
  ]

  static func choose(
    _ arguments: Arguments, model: String, environment: (String) -> String?
  ) throws(UsageError) -> Provider {
    let url = arguments.text("url")
    if let url, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
      throw UsageError(
        "--url takes an address such as http://127.0.0.1:8080/v1, not '\(PlainText.line(url))'")
    }
    var key: String?
    if let variable = arguments.text("key-from") {
      guard let value = environment(variable), !value.isEmpty else {
        throw UsageError("--key-from: the variable \(PlainText.line(variable)) is not set")
      }
      key = value
    }
    if let name = arguments.text("provider") { return try named(name, url: url, key: key) }
    if let name = guess(model) { return try named(name, url: url, key: key) }
    if let url { return .compatible(name: host(of: url), url: url, key: key) }
    if let base = environment("OPENAI_BASE_URL"), !base.isEmpty {
      return .compatible(name: host(of: base), url: base, key: key ?? environment("OPENAI_API_KEY"))
    }
    throw UsageError(
      """
      nothing is known of the model '\(PlainText.line(model))': say who runs it, with --provider \
      (\(names.joined(separator: ", "))), or where, with --url or OPENAI_BASE_URL
      """)
  }

  /// The provider that a model's name tells; nil: none.
  static func guess(_ model: String) -> String? {
    let name = model.lowercased()
    if name.hasPrefix("claude") { return "anthropic" }
    if name.hasPrefix("gemini") { return "gemini" }
    if name.hasPrefix("grok") { return "xai" }
    if name.hasPrefix("gpt-oss") { return nil }
    if name.hasPrefix("gpt-") || name.hasPrefix("chatgpt-") || name.hasPrefix("ft:") { return "openai" }
    let digit = name.dropFirst().prefix { $0.isASCII && $0.isNumber }
    let rest = name.dropFirst(1 + digit.count)
    return name.hasPrefix("o") && !digit.isEmpty && (rest.isEmpty || rest.hasPrefix("-")) ? "openai" : nil
  }

  private static func named(_ name: String, url: String?, key: String?) throws(UsageError) -> Provider {
    switch name {
    case "openai": return .openAI(key: key, url: url)
    case "openai-responses": return .openAIResponses(key: key, url: url)
    case "anthropic": return .anthropic(key: key, url: url)
    case "gemini": return .gemini(key: key, url: url)
    case "ollama": return .ollama(url: url, key: key)
    case "azure": return .azure(endpoint: url, key: key)
    case "bedrock": return .bedrock(key: key, url: url)
    case "openrouter": return .openRouter(key: key, url: url)
    case "xai": return .xAI(key: key, url: url)
    default:
      if let url { return .compatible(name: name, url: url, key: key) }
      var message = "no provider '\(PlainText.line(name))' is known"
      message += Nearest.of(name, in: names).map { "; did you mean \($0)?" } ?? "."
      throw UsageError(message + " A server that speaks OpenAI's format is named with its --url.")
    }
  }

  /// Host and port, by which events name a server that has no other name.
  private static func host(of url: String) -> String {
    let rest = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
    return String(rest.split(separator: "@").last ?? "server")
  }
}
