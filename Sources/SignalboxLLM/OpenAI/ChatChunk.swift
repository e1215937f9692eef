/// Which stream of a reply a piece of text belongs to.
package enum Channel: UInt8, CaseIterable, Sendable {
  case text, reasoning, refusal, toolArguments

  /// The channel's name in events.
  package var name: StaticString {
    switch self {
    case .text: "text"
    case .reasoning: "reasoning"
    case .refusal: "refusal"
    case .toolArguments: "tool_arguments"
    }
  }
}

/// A piece of generated text as it lies in a scanned payload: valid until the next scan.
///
/// Text, ids and names are the bytes between the quotes of a valid JSON string, with their escapes, so that they
/// can be written into an event without being decoded.
package struct ChatPiece {
  package var channel: Channel
  /// Which of several answers, from 0.
  package var choice: Int
  /// The call's place among those of its reply, from 0; -1: no tool call.
  package var tool = -1
  /// The provider's id of the tool call, where this fragment names it.
  package var toolID: UnsafeRawBufferPointer?
  package var toolName: UnsafeRawBufferPointer?
  package var text: UnsafeRawBufferPointer
  /// The text is a JSON value in itself (arguments that were sent as an object), not the inside of a string.
  package var isValue = false
}

/// What one payload of a chat completion says; a stream is many of them, a plain reply is one.
///
/// Everything that points into the payload is valid until the next scan.
package struct ChatChunk {
  /// What a provider says went wrong. The texts are between the quotes of JSON strings.
  package struct Failure {
    package var message: UnsafeRawBufferPointer?
    /// The provider's code, else its type.
    package var code: UnsafeRawBufferPointer?
    /// An HTTP status, where the code is one.
    package var status: Int?
  }

  package struct Finish {
    package var choice: Int
    package var reason: UnsafeRawBufferPointer
  }

  package internal(set) var pieces: [ChatPiece] = []
  package internal(set) var finishes: [Finish] = []
  /// Choices that this payload mentions.
  package internal(set) var choices: [Int] = []
  package internal(set) var id: UnsafeRawBufferPointer?
  package internal(set) var model: UnsafeRawBufferPointer?
  package internal(set) var serviceTier: UnsafeRawBufferPointer?
  package internal(set) var usage: TokenUsage?
  /// The provider's usage object, verbatim.
  package internal(set) var rawUsage: UnsafeRawBufferPointer?
  package internal(set) var failure: Failure?
  /// The payload is JSON, but nothing that a chat completion consists of.
  package internal(set) var isOpaque = false

  package init() {}

  /// Forgets everything and keeps the room.
  mutating func clear() {
    pieces.removeAll(keepingCapacity: true)
    finishes.removeAll(keepingCapacity: true)
    choices.removeAll(keepingCapacity: true)
    id = nil
    model = nil
    serviceTier = nil
    usage = nil
    rawUsage = nil
    failure = nil
    isOpaque = false
  }
}
