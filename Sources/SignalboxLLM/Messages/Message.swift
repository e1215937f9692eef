/// One message of a conversation. A string literal is a user's message.
public struct Message: Sendable, Hashable {
  /// Who speaks.
  public enum Role: String, Sendable, Hashable, CaseIterable {
    case system, developer, user, assistant, tool
  }

  public var role: Role
  public var content: [ContentPart]

  public init(_ role: Role, _ content: [ContentPart]) {
    self.role = role
    self.content = content
  }

  /// What the model shall keep to, from the operator.
  public static func system(_ text: String) -> Message { Message(.system, [.text(text)]) }

  /// What the model shall keep to, from the developer; a system message where a provider knows no such role.
  public static func developer(_ text: String) -> Message { Message(.developer, [.text(text)]) }

  /// What the user says.
  public static func user(_ text: String) -> Message { Message(.user, [.text(text)]) }

  /// Text and images together.
  public static func user(_ parts: [ContentPart]) -> Message { Message(.user, parts) }

  /// What the model said, and the tools it called.
  public static func assistant(_ text: String, toolCalls: [ToolCall] = []) -> Message {
    Message(.assistant, (text.isEmpty ? [] : [.text(text)]) + toolCalls.map { .toolCall($0) })
  }

  /// What a model answered, to be sent back as part of the conversation: its reasoning with its signatures, its
  /// text and its tool calls.
  public static func assistant(_ reply: Reply) -> Message {
    var parts = reply.reasoning.map { ContentPart.reasoning($0) }
    if !reply.text.isEmpty { parts.append(.text(reply.text)) }
    parts += reply.toolCalls.map { .toolCall($0) }
    return Message(.assistant, parts)
  }

  /// What a tool answered to a call.
  public static func tool(_ text: String, for call: ToolCall, isError: Bool = false) -> Message {
    Message(.tool, [.toolResult(ToolResult(callID: call.id, name: call.name, text: text, isError: isError))])
  }

  /// What several tools answered to the calls of one reply.
  public static func tool(_ results: [ToolResult]) -> Message {
    Message(.tool, results.map { .toolResult($0) })
  }

  /// All text parts, joined.
  public var text: String {
    content.reduce(into: "") { text, part in
      if case .text(let piece) = part { text += piece }
    }
  }
}

extension Message: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  public init(stringLiteral text: String) { self = .user(text) }
}
