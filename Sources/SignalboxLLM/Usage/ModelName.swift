/// How models are called at different places, and which names mean the same price.
enum ModelName {
  struct Candidate: Equatable {
    var provider: String
    var model: String
  }

  /// The provider whose price list counts.
  static func canonical(provider: String) -> String {
    switch provider.lowercased() {
    case "azure", "azure-openai", "azure_openai": "openai"
    case "google", "google-gemini", "vertex", "vertexai", "google-vertex": "gemini"
    case "x-ai", "x_ai", "grok": "xai"
    case "mistralai": "mistral"
    case "amazon-bedrock", "aws", "aws-bedrock": "bedrock"
    case let name: name
    }
  }

  /// Names to look for, the most exact first: as it was called, then without what only dates it.
  static func candidates(provider: String, model: String) -> [Candidate] {
    var found: [Candidate] = []
    func add(_ provider: String, _ model: String) {
      let candidate = Candidate(provider: provider, model: model)
      if !model.isEmpty, !found.contains(candidate) { found.append(candidate) }
      if let stem = undated(model) {
        let dated = Candidate(provider: provider, model: stem)
        if !found.contains(dated) { found.append(dated) }
      }
    }
    let provider = canonical(provider: provider)
    add(provider, model)
    switch provider {
    case "openrouter":
      // `vendor/model`; some vendors' version numbers are written with dots there.
      if let slash = model.firstIndex(of: "/") {
        let vendor = canonical(provider: String(model[..<slash]))
        let name = String(model[model.index(after: slash)...])
        add(vendor, name)
        if vendor == "anthropic" { add(vendor, name.replacing(".", with: "-")) }
      }
    case "bedrock":
      // `arn:aws:bedrock:…/us.anthropic.claude-…-20250929-v1:0`: the last part, without the revision.
      let id = model.lastIndex(of: "/").map { String(model[model.index(after: $0)...]) } ?? model
      add(provider, id)
      if let stem = unrevised(id) { add(provider, stem) }
    case "gemini":
      if model.hasPrefix("models/") { add(provider, String(model.dropFirst(7))) }
    default: break
    }
    return found
  }

  /// The name without `-v1:0` or `-v1` at its end; nil when there is none.
  private static func unrevised(_ model: String) -> String? {
    guard let dash = model.lastIndex(of: "-") else { return nil }
    let rest = model[model.index(after: dash)...]
    let isRevision = rest.hasPrefix("v") && rest.dropFirst().utf8.allSatisfy { 48...57 ~= $0 || $0 == 58 }
    return rest.count > 1 && isRevision ? String(model[..<dash]) : nil
  }

  /// The name without the date at its end (`-2024-08-06`, `-20240806`, `@20240806`, `-latest`); nil when there is
  /// none. Whatever else stands at the end of a name makes it another model: `-mini`, `-preview`, `-32k`, `-0613`.
  static func undated(_ model: String) -> String? {
    for (separator, length) in [("-", 10), ("-", 8), ("@", 8), ("-", 6)] where model.utf8.count > length + 1 {
      let rest = model.suffix(length)
      let stem = model.dropLast(length)
      if stem.hasSuffix(separator), rest == "latest" || isDay(rest) { return String(stem.dropLast()) }
    }
    return nil
  }

  /// Whether the text is a day of this century, such as `2024-08-06` or `20240806`.
  static func isDay(_ text: Substring) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count == 8 || bytes.count == 10 && bytes[4] == 45 && bytes[7] == 45 else { return false }
    let digits = bytes.count == 8 ? bytes : Array(bytes[0..<4] + bytes[5..<7] + bytes[8..<10])
    guard digits.allSatisfy({ 48...57 ~= $0 }), let number = Int(String(decoding: digits, as: UTF8.self))
    else {
      return false
    }
    return 2000..<2100 ~= number / 10_000 && 1...12 ~= number / 100 % 100 && 1...31 ~= number % 100
  }
}
