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
    case "gemini":
      if model.hasPrefix("models/") { add(provider, String(model.dropFirst(7))) }
    default: break
    }
    return found
  }

  /// The name without the date or the revision at its end; nil when there is none. Whatever else stands at the end
  /// of a name makes it another model: `-mini`, `-preview`, `-32k`.
  static func undated(_ model: String) -> String? {
    guard let cut = model.lastIndex(where: { $0 == "@" }) ?? dateStart(model) else { return nil }
    let rest = model[model.index(after: cut)...]
    let stem = model[..<cut]
    return !stem.isEmpty && isDate(rest) ? String(stem) : nil
  }

  /// The `-` before a date or revision.
  private static func dateStart(_ model: String) -> String.Index? {
    let bytes = model.utf8
    for length in [11, 9, 5, 4, 7] where bytes.count > length {
      let start = bytes.index(bytes.endIndex, offsetBy: -length)
      if bytes[start] == UInt8(ascii: "-"), isDate(model[bytes.index(after: start)...]) { return start }
    }
    return nil
  }

  /// `2024-08-06`, `20240806`, `0806`, `001`, `latest`.
  private static func isDate(_ text: Substring) -> Bool {
    if text == "latest" { return true }
    let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
    guard digits.allSatisfy({ 48...57 ~= $0 }), let number = Int(String(decoding: digits, as: UTF8.self))
    else {
      return false
    }
    func isDay(_ monthAndDay: Int) -> Bool { 1...12 ~= monthAndDay / 100 && 1...31 ~= monthAndDay % 100 }
    switch text.utf8.count {
    case 10:
      return digits.count == 8 && text.utf8.enumerated().allSatisfy { ($0 == 4 || $0 == 7) == ($1 == 45) }
        && 2000...2100 ~= number / 10_000 && isDay(number % 10_000)
    case 8: return digits.count == 8 && 2000...2100 ~= number / 10_000 && isDay(number % 10_000)
    case 4: return digits.count == 4 && isDay(number)
    case 3: return digits.count == 3 && number < 100
    default: return false
    }
  }
}
