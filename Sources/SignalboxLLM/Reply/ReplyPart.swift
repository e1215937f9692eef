package import JSONScan
package import Signalbox

/// What one payload of a reply says, in whatever format; a stream is many of them, a plain reply is one.
///
/// Everything that points into the payload is valid until the next scan.
package struct ReplyPart {
  /// What a provider says went wrong. The texts are between the quotes of JSON strings.
  package struct Failure {
    package var message: UnsafeRawBufferPointer?
    /// The provider's code, else its type.
    package var code: UnsafeRawBufferPointer?
    /// An HTTP status, where the code is one or stands for one.
    package var status: Int?
    /// Whether the provider asks to try again; nil: the status decides.
    package var isRetryable: Bool?
  }

  package struct Finish {
    package var choice: Int
    package var reason: UnsafeRawBufferPointer
  }

  /// A source, or another note that belongs to an answer.
  package struct Annotation {
    package var choice: Int
    package var value: JSONValueView
  }

  package internal(set) var pieces: [ReplyPiece] = []
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
  package internal(set) var annotations: [Annotation] = []
  /// Parts of the payload that are nothing we know.
  package internal(set) var opaques: [JSONValueView] = []
  /// The payload is JSON, but nothing that a reply of this format consists of.
  package internal(set) var isOpaque = false
  /// The text was read because nothing of it had come before: another payload of this shape may mean nothing.
  package internal(set) var isRepetition = false
  /// The reply ends with this payload.
  package internal(set) var isEnd = false

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
    annotations.removeAll(keepingCapacity: true)
    opaques.removeAll(keepingCapacity: true)
    isOpaque = false
    isRepetition = false
    isEnd = false
  }
}
