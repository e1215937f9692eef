/// Which stream of a reply a piece of text belongs to.
package enum ReplyChannel: UInt8, CaseIterable, Sendable {
  case text, reasoning, refusal, toolArguments
  /// What a provider wants back unchanged with the reasoning before it; no text, so it becomes no event.
  case signature

  /// The channel's name in events.
  package var name: StaticString {
    switch self {
    case .text: "text"
    case .reasoning: "reasoning"
    case .refusal: "refusal"
    case .toolArguments: "tool_arguments"
    case .signature: "signature"
    }
  }
}
