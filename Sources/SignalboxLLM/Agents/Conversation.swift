/// The memory of a chat: what was said and called so far. A value: hand it to the next run to go on.
///
/// Every tool call in it has a result, so that any provider takes it. An agent's instructions are not part of it.
public struct Conversation: Sendable, Hashable {
  public var messages: [Message]

  public init(_ messages: [Message] = []) { self.messages = messages }

  /// Keeps at most the newest so many messages, and begins with a user's: a result whose call is forgotten would be
  /// refused.
  public mutating func keepLast(_ count: Int) {
    guard messages.count > max(count, 0) else { return }
    let newest = messages.suffix(max(count, 0))
    messages = Array(newest.drop { $0.role != .user })
  }
}
