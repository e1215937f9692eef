/// How a key that some service gives out begins, and how many characters follow at least.
struct KeyPrefix: Sendable {
  let text: StaticString
  let least: Int
  /// What it consists of.
  var classes = ByteClass.key
  /// Words begin so, too (`sk-estimator-doc-link`): among the characters that must follow a digit or a capital must be.
  var isVague = false

  /// OpenAI, Anthropic and others (`sk-`), Google, AWS, GitHub, GitLab, Slack, Hugging Face, Groq, Replicate, Stripe,
  /// xAI, Perplexity, npm, NVIDIA, SendGrid, our own, what follows `Bearer`, and the names that AWS and Azure give to secrets without a prefix of their own.
  static let all: [KeyPrefix] = [
    KeyPrefix(text: "sk-", least: 20, isVague: true), KeyPrefix(text: "sk_live_", least: 16),
    KeyPrefix(text: "sk_test_", least: 16), KeyPrefix(text: "rk_live_", least: 16),
    KeyPrefix(text: "AIza", least: 35), KeyPrefix(text: "ya29.", least: 20),
    KeyPrefix(text: "GOCSPX-", least: 20),
    KeyPrefix(text: "AKIA", least: 16), KeyPrefix(text: "ASIA", least: 16),
    KeyPrefix(text: "ghp_", least: 20), KeyPrefix(text: "gho_", least: 20),
    KeyPrefix(text: "ghu_", least: 20),
    KeyPrefix(text: "ghs_", least: 20), KeyPrefix(text: "ghr_", least: 20),
    KeyPrefix(text: "github_pat_", least: 20), KeyPrefix(text: "glpat-", least: 16),
    KeyPrefix(text: "xoxb-", least: 10), KeyPrefix(text: "xoxp-", least: 10),
    KeyPrefix(text: "xoxa-", least: 10),
    KeyPrefix(text: "xoxr-", least: 10), KeyPrefix(text: "xoxs-", least: 10),
    KeyPrefix(text: "xapp-", least: 10),
    KeyPrefix(text: "hf_", least: 20), KeyPrefix(text: "gsk_", least: 20), KeyPrefix(text: "r8_", least: 20),
    KeyPrefix(text: "xai-", least: 20), KeyPrefix(text: "pplx-", least: 20),
    KeyPrefix(text: "npm_", least: 30),
    KeyPrefix(text: "nvapi-", least: 20), KeyPrefix(text: "SG.", least: 16, classes: ByteClass.token),
    KeyPrefix(text: "sbk_", least: 20),
    KeyPrefix(text: "Bearer ", least: 20, classes: ByteClass.token | ByteClass.base64),
    KeyPrefix(text: "bearer ", least: 20, classes: ByteClass.token | ByteClass.base64),
    KeyPrefix(text: "api-key: ", least: 20), KeyPrefix(text: "x-api-key: ", least: 20),
    KeyPrefix(text: "AWS_SECRET_ACCESS_KEY=", least: 20, classes: ByteClass.base64),
    KeyPrefix(text: "AWS_SECRET_ACCESS_KEY\": \"", least: 20, classes: ByteClass.base64),
    KeyPrefix(text: "aws_secret_access_key\": \"", least: 20, classes: ByteClass.base64),
    KeyPrefix(text: "aws_secret_access_key=", least: 20, classes: ByteClass.base64),
    KeyPrefix(text: "aws_secret_access_key = ", least: 20, classes: ByteClass.base64),
    KeyPrefix(text: "AccountKey=", least: 20, classes: ByteClass.base64),
    KeyPrefix(text: "SharedAccessKey=", least: 20, classes: ByteClass.base64),
  ]
}

extension RedactionScan {
  func key(_ at: Int) -> RedactionOutcome {
    for prefix in set.prefixes[Int(text[at])] {
      switch key(at, prefix) {
      case .none: continue
      case let outcome: return outcome
      }
    }
    return .none
  }

  private func key(_ at: Int, _ prefix: KeyPrefix) -> RedactionOutcome {
    let length = prefix.text.utf8CodeUnitCount
    let start = prefix.text.utf8Start
    var i = 1
    while i < length {
      guard at + i < text.count else { return ranOut }
      guard text[at + i] == start[i] else { return .none }
      i += 1
    }
    let mask = prefix.classes
    let end = at + length + prefix.least
    i = at + length
    var isKey = !prefix.isVague
    while i < end {
      guard i < text.count else { return ranOut }
      guard `is`(i, mask) else { return .none }
      if !isKey { isKey = 65...90 ~= text[i] || `is`(i, ByteClass.digit) }
      i += 1
    }
    return isKey ? .match(end: end, swallow: mask) : .none
  }

  /// Two parts of base64url with a dot between them, of which the first is a JSON object. A first part that is longer
  /// than any header is taken for one.
  func jwt(_ at: Int) -> RedactionOutcome {
    let longest = at + 1024
    for (place, byte) in [UInt8(ascii: "e"), UInt8(ascii: "y"), UInt8(ascii: "J")].enumerated() {
      guard at + place < text.count else { return ranOut }
      guard text[at + place] == byte else { return .none }
    }
    var i = at + 3
    while i < text.count, i < longest, `is`(i, ByteClass.key) { i += 1 }
    guard i < longest else { return .match(end: i, swallow: ByteClass.token) }
    guard i < text.count else { return ranOut }
    guard text[i] == UInt8(ascii: "."), i - at >= 10 else { return .none }
    let end = i + 11
    i += 1
    while i < end {
      guard i < text.count else { return ranOut }
      guard `is`(i, ByteClass.key) else { return .none }
      i += 1
    }
    return .match(end: end, swallow: ByteClass.token)
  }
}
