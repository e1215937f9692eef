/// What a WebSocket frame carries (RFC 6455 §5.2).
package enum WebSocketOpcode: UInt8, Sendable {
  case continuation = 0x0
  case text = 0x1
  case binary = 0x2
  case close = 0x8
  case ping = 0x9
  case pong = 0xA

  var isControl: Bool { rawValue & 0x8 != 0 }
}

/// Why a WebSocket ends: the codes of RFC 6455 §7.4 and the application's own, 4000–4999.
package struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
  package var rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }
  package init(_ rawValue: UInt16) { self.rawValue = rawValue }

  package static let normal = WebSocketCloseCode(1000)
  package static let goingAway = WebSocketCloseCode(1001)
  package static let protocolError = WebSocketCloseCode(1002)
  package static let unsupportedData = WebSocketCloseCode(1003)
  /// Stands for a close frame without a code; never sent.
  package static let noStatus = WebSocketCloseCode(1005)
  /// Stands for a connection that broke without a close frame; never sent.
  package static let abnormal = WebSocketCloseCode(1006)
  package static let invalidPayload = WebSocketCloseCode(1007)
  package static let policyViolation = WebSocketCloseCode(1008)
  package static let tooLarge = WebSocketCloseCode(1009)
  package static let internalError = WebSocketCloseCode(1011)
  package static let tryAgainLater = WebSocketCloseCode(1013)

  /// Whether a peer may send it in a close frame.
  package var isSendable: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

/// A breach of the protocol: the code to close with and a plain sentence.
package struct WebSocketError: Error, Equatable, Sendable {
  package var code: WebSocketCloseCode
  package var message: String
}
