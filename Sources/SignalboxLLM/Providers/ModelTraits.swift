/// What is known of a model by its name: where its API is narrower than its provider's. A name that is not known is
/// taken to do all that its provider does.
struct ModelTraits: Equatable {
  /// How a model is told how much to think.
  enum Thinking: Equatable {
    /// By a word.
    case effort
    /// By a number of tokens.
    case budget
    /// It decides itself, between bounds that a word sets.
    case adaptive
  }

  /// Refuses temperature and top_p.
  var refusesSampling = false
  /// Takes temperature and top_p after all when it is told not to think.
  var samplesWithoutThinking = false
  var thinking = Thinking.effort
  /// Most tokens to ask for where the provider insists on a number.
  var defaultMaxTokens = 16_384

  init(_ model: String) {
    // `openai/gpt-5`, `ft:gpt-4o:…`, `us.anthropic.claude-…`, `models/gemini-…`.
    var name = model.lowercased()[...]
    if let slash = name.lastIndex(of: "/") { name = name[name.index(after: slash)...] }
    if name.hasPrefix("ft:") { name = name.dropFirst(3) }
    if let claude = name.firstRange(of: "claude-") {
      readClaude(name[claude.upperBound...])
    } else if name.hasPrefix("gpt-") {
      readGPT(name.dropFirst(4))
    } else if let first = name.first, first == "o", let digit = name.dropFirst().first, digit.isASCII,
      digit.isNumber
    {
      refusesSampling = true
    } else if name.hasPrefix("gemini-") {
      let version = Self.version(name.dropFirst(7))
      thinking = version.map { $0.major >= 3 } ?? true ? .effort : .budget
    }
  }

  /// OpenAI's guide to its latest models: from gpt-5 on, temperature and top_p are errors unless the effort is
  /// `none`, which gpt-5 itself did not have; the chat models among them do not think.
  private mutating func readGPT(_ name: Substring) {
    guard let version = Self.version(name), version.major >= 5, !name.contains("chat") else { return }
    refusesSampling = true
    samplesWithoutThinking = version.major > 5 || version.minor > 0
  }

  /// Anthropic's migration guide: from Opus 4.7 on, sampling parameters and thinking budgets are errors; adaptive
  /// thinking came with 4.6.
  private mutating func readClaude(_ name: Substring) {
    // A model without a number is newer than those that are known.
    let version = Self.version(name) ?? (99, 0)
    refusesSampling = version >= (4, 7)
    thinking = version >= (4, 6) ? .adaptive : .budget
    defaultMaxTokens = version < (3, 5) ? 4096 : version < (3, 7) ? 8192 : 16_384
  }

  /// The first number of a name and the one behind it; dates are no versions.
  private static func version(_ name: Substring) -> (major: Int, minor: Int)? {
    let parts = name.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    guard let place = parts.firstIndex(where: { $0.count <= 2 && Int($0) != nil }),
      let major = Int(parts[place])
    else {
      // `gpt-4o`, `gpt-5pro`: a number that letters follow.
      let digits = parts.first.map { $0.prefix { $0.isNumber } } ?? ""
      return digits.count <= 2 ? Int(digits).map { ($0, 0) } : nil
    }
    let next = parts.dropFirst(place + 1).first
    let minor = next.flatMap { $0.count <= 2 ? Int($0) : nil } ?? 0
    return (major, minor)
  }
}
