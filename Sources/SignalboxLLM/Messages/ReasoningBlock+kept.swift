internal import JSONScan

/// Reasoning that a provider keeps from us. It wants the block back as it is, so the signature of such a block is the
/// block itself, as JSON; any other signature is base64.
extension ReasoningBlock {
  var isKept: Bool { signature?.hasPrefix("{") ?? false }

  /// A member of the block that the provider kept; nil when it is no such block, or another provider's.
  func kept(_ name: StaticString) -> String? {
    guard isKept, let signature else { return nil }
    let parser = JSONParser()
    // What is scanned lies in the parser.
    return withExtendedLifetime(parser) { (try? parser.scan(signature))?.root[name]?.string }
  }
}
