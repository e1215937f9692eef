/// Decodes WebSocket frames into messages (RFC 6455) without I/O.
///
/// A message that lies whole in the window is handed out in place; only pieces are gathered, and the memory for
/// them is let go with the message. After an error or a close the decoder must not be used again.
package struct WebSocketDecoder: ~Copyable {
  package enum Role: Sendable {
    /// Reads what a client sends: masked.
    case server
    /// Reads what a server sends: unmasked.
    case client
  }

  /// Payloads are valid until the next call and until the window changes. A gathered payload has 64
  /// readable bytes behind it; one that lies in the window has what the window has.
  package enum Step {
    /// The window is used up.
    case needMore
    /// A whole text, checked to be UTF-8.
    case text(UnsafeRawBufferPointer)
    case binary(UnsafeRawBufferPointer)
    case ping(UnsafeRawBufferPointer)
    case pong(UnsafeRawBufferPointer)
    case close(WebSocketCloseCode, reason: UnsafeRawBufferPointer)
    case error(WebSocketError)
  }

  private enum Stage {
    case first, second, length, mask, payload
  }

  private let role: Role
  private let maxMessage: Int
  private var stage = Stage.first
  private var opcode = WebSocketOpcode.text
  private var isFinal = false
  /// Bytes of the length or the mask that are still missing.
  private var headerMissing = 0
  private var shortLength: UInt8 = 0
  private var length: UInt64 = 0
  private var mask: UInt32 = 0
  /// Payload bytes of this frame still missing, and how far the mask has turned.
  private var missing = 0
  private var turn = 0
  /// The opcode of the message whose fragments are being gathered.
  private var message: WebSocketOpcode?
  private var gathered: PaddedBuffer?
  private var control: PaddedBuffer?
  /// What was handed out last and can be let go at the next call.
  private var handedOut = Handed.nothing

  private enum Handed { case nothing, message, control }

  package init(role: Role, maxMessage: Int) {
    self.role = role
    self.maxMessage = maxMessage
  }

  /// Decodes from `window[at...]` and moves `at` on; masked payloads are unmasked in place.
  package mutating func next(_ window: UnsafeMutableRawBufferPointer, from at: inout Int) -> Step {
    switch handedOut {
    case .nothing: break
    case .message: gathered = nil
    case .control: control = nil
    }
    handedOut = .nothing
    while true {
      if stage == .payload {
        if let step = takePayload(window, &at) { return step }
        if stage == .payload { return .needMore }
        continue
      }
      guard at < window.count else { return .needMore }
      let byte = window[at]
      at += 1
      if let error = takeHeader(byte) { return .error(error) }
    }
  }

  // MARK: - Frame head

  private mutating func takeHeader(_ byte: UInt8) -> WebSocketError? {
    switch stage {
    case .first: return takeFirst(byte)
    case .second: return takeSecond(byte)
    case .length:
      length = length << 8 | UInt64(byte)
      headerMissing -= 1
      return headerMissing == 0 ? lengthIsKnown() : nil
    case .mask:
      // Kept in memory order: the first mask byte is the lowest.
      mask = mask >> 8 | UInt32(byte) << 24
      headerMissing -= 1
      if headerMissing == 0 { stage = .payload }
      return nil
    case .payload: preconditionFailure("not a header")
    }
  }

  private mutating func takeFirst(_ byte: UInt8) -> WebSocketError? {
    guard byte & 0x70 == 0 else { return breach("A reserved bit is set; no extension was agreed.") }
    guard let opcode = WebSocketOpcode(rawValue: byte & 0x0F) else { return breach("The opcode is unknown.") }
    isFinal = byte & 0x80 != 0
    if opcode.isControl {
      guard isFinal else { return breach("A control frame is fragmented.") }
    } else if (opcode == .continuation) != (message != nil) {
      return breach(
        message == nil ? "A continuation has nothing to continue." : "A new message begins within another.")
    }
    self.opcode = opcode
    stage = .second
    return nil
  }

  private mutating func takeSecond(_ byte: UInt8) -> WebSocketError? {
    guard (byte & 0x80 != 0) == (role == .server) else {
      return breach(role == .server ? "A client's frame is not masked." : "A server's frame is masked.")
    }
    shortLength = byte & 0x7F
    guard !opcode.isControl || shortLength < 126 else {
      return breach("A control frame is longer than 125 bytes.")
    }
    length = 0
    switch shortLength {
    case 126: headerMissing = 2
    case 127: headerMissing = 8
    default:
      length = UInt64(shortLength)
      return lengthIsKnown()
    }
    stage = .length
    return nil
  }

  private mutating func lengthIsKnown() -> WebSocketError? {
    let shortest: UInt64 = shortLength == 126 ? 126 : shortLength == 127 ? 65_536 : 0
    guard length >= shortest, length < 1 << 63 else { return breach("A length is not in its shortest form.") }
    if !opcode.isControl, length > UInt64(maxMessage - (gathered?.count ?? 0)) {
      return WebSocketError(code: .tooLarge, message: "A message is longer than \(maxMessage) bytes.")
    }
    missing = Int(length)
    turn = 0
    headerMissing = 4
    stage = role == .server ? .mask : .payload
    return nil
  }

  private func breach(_ message: String) -> WebSocketError {
    WebSocketError(code: .protocolError, message: message)
  }

  // MARK: - Payload

  private mutating func takePayload(_ window: UnsafeMutableRawBufferPointer, _ at: inout Int) -> Step? {
    let count = min(missing, window.count - at)
    let part = UnsafeMutableRawBufferPointer(rebasing: window[at..<at + count])
    let isWhole = count == missing && turn == 0
    if role == .server { unmask(part, mask, turn) }
    at += count
    missing -= count
    turn += count
    if opcode.isControl {
      if isWhole, control == nil {
        stage = .first
        return finishControl(UnsafeRawBufferPointer(part))
      }
      control = gather(UnsafeRawBufferPointer(part), behind: control)
      guard missing == 0 else { return nil }
      stage = .first
      handedOut = .control
      return finishControl(UnsafeRawBufferPointer(control!.bytes))
    }
    if message == nil {
      if isWhole, isFinal {
        stage = .first
        return finishMessage(opcode, UnsafeRawBufferPointer(part))
      }
      message = opcode
    }
    gathered = gather(UnsafeRawBufferPointer(part), behind: gathered)
    guard missing == 0 else { return nil }
    stage = .first
    guard isFinal, let kind = message else { return nil }
    message = nil
    handedOut = .message
    return finishMessage(kind, UnsafeRawBufferPointer(gathered!.bytes))
  }

  private func gather(_ part: UnsafeRawBufferPointer, behind before: PaddedBuffer?) -> PaddedBuffer {
    let buffer = before ?? PaddedBuffer(capacity: part.count)
    buffer.append(part)
    return buffer
  }

  private func finishMessage(_ kind: WebSocketOpcode, _ payload: UnsafeRawBufferPointer) -> Step {
    guard kind == .text else { return .binary(payload) }
    guard isValidUTF8(payload) else {
      return .error(WebSocketError(code: .invalidPayload, message: "A text message is not UTF-8."))
    }
    return .text(payload)
  }

  private func finishControl(_ payload: UnsafeRawBufferPointer) -> Step {
    switch opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong(payload)
    default: break
    }
    if payload.isEmpty { return .close(.noStatus, reason: payload) }
    guard payload.count >= 2 else { return .error(breach("A close frame has half a code.")) }
    let code = WebSocketCloseCode(UInt16(payload[0]) << 8 | UInt16(payload[1]))
    guard code.isSendable else { return .error(breach("A close frame has the code \(code.rawValue).")) }
    let reason = UnsafeRawBufferPointer(rebasing: payload[2...])
    guard isValidUTF8(reason) else {
      return .error(WebSocketError(code: .invalidPayload, message: "The reason of a close is not UTF-8."))
    }
    return .close(code, reason: reason)
  }
}

/// Undoes or does masking (RFC 6455 §5.3), eight bytes at a time; `turn` payload bytes went before.
func unmask(_ bytes: UnsafeMutableRawBufferPointer, _ mask: UInt32, _ turn: Int) {
  let shift = UInt32(turn & 3) * 8
  let turned = shift == 0 ? mask : mask >> shift | mask << (32 - shift)
  let wide = (UInt64(turned) << 32 | UInt64(turned)).littleEndian
  var at = 0
  while at + 8 <= bytes.count {
    let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    bytes.storeBytes(of: word ^ wide, toByteOffset: at, as: UInt64.self)
    at += 8
  }
  while at < bytes.count {
    bytes[at] ^= UInt8(truncatingIfNeeded: turned >> (UInt32(at & 3) * 8))
    at += 1
  }
}
