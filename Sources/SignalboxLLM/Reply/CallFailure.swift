package import Signalbox
internal import Wire

/// Why a call ended otherwise than well.
package struct CallFailure: Equatable, Sendable {
  package enum Reason: Sendable {
    case failed, cancelled, incomplete

    var name: StaticString {
      switch self {
      case .failed: "failed"
      case .cancelled: "cancelled"
      case .incomplete: "incomplete"
      }
    }
  }

  /// Most bytes of a message in an event.
  static let messageLimit = 2048

  package var reason: Reason
  /// The inside of a JSON string, without keys.
  package private(set) var message: [UInt8]
  package private(set) var code: [UInt8] = []
  package var status: Int?
  package var isRetryable: Bool?
  package var retryAfter: Double?
  /// The limit of a budget that was exceeded.
  package var budget: Budget.Limit?

  /// - Parameters:
  ///   - message: a plain text.
  ///   - code: a short name of the failure without anything to escape.
  package init(_ reason: Reason, _ message: String, code: StaticString? = nil, status: Int? = nil) {
    self.reason = reason
    var writer = ByteWriter(capacity: message.utf8.count + 2)
    writer.append(jsonString: message)
    self.message = Self.clean(UnsafeRawBufferPointer(rebasing: writer.raw.dropFirst().dropLast()))
    if let code {
      self.code = Array(UnsafeBufferPointer(start: code.utf8Start, count: code.utf8CodeUnitCount))
    }
    self.status = status
  }

  /// What a provider said.
  init(_ said: ReplyPart.Failure?, status: Int?, fallback: String, format: ReplyFormat) {
    self.init(.failed, fallback, status: said?.status ?? status)
    if let text = said?.message, !text.isEmpty { message = Self.clean(text) }
    if let code = said?.code { self.code = Self.clean(code) }
    isRetryable = said?.isRetryable ?? verdict(format).isRetryable
  }

  /// What it means: see `FailureRules`.
  func verdict(_ format: ReplyFormat) -> FailureRules.Verdict {
    FailureRules.verdict(
      status: status, providerCode: code.isEmpty ? nil : String(decoding: code, as: UTF8.self), format: format
    )
  }

  private static func clean(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    let end = text.count <= messageLimit ? text.count : JSONText.boundary(in: text, before: messageLimit)
    var writer = ByteWriter(capacity: end + 16)
    KeyScrubber.append(UnsafeRawBufferPointer(rebasing: text[..<end]), to: &writer)
    return Array(writer.raw)
  }

  /// Cuts out the keys that the request carried, whatever they look like: a provider may repeat the one it refuses.
  package mutating func remove(keys: [[UInt8]]) {
    KeyScrubber.remove(keys, from: &message)
    KeyScrubber.remove(keys, from: &code)
  }

  /// Writes the members up to `retry_after_ms`, without the closing bracket.
  func appendMembers(to writer: inout ByteWriter) {
    writer.append("{\"reason\":\"")
    writer.append(reason.name)
    writer.append("\",\"message\":\"")
    writer.append(message)
    writer.append("\"")
    writer.append(",\"code\":\"", code)
    if let status {
      writer.append(",\"status\":")
      writer.append(decimal: status)
    }
    if let isRetryable {
      writer.append(",\"retryable\":")
      writer.append(json: isRetryable)
    }
    if let retryAfter {
      writer.append(",\"retry_after_ms\":")
      writer.append(json: retryAfter)
    }
    if let budget {
      writer.append(",\"budget\":")
      writer.append(jsonString: budget.rawValue)
    }
  }
}
