/// Which of a reply's texts a delta belongs to.
public enum DeltaChannel: String, Sendable, Hashable, CaseIterable {
  case text, reasoning, refusal
  case toolArguments = "tool_arguments"
}
