/// Writing WebSocket frames (RFC 6455 §5.2), each a whole message.
extension ByteWriter {
  /// Bytes a server's frame has before a payload of `count` bytes: 2, 4 or 10.
  package static func webSocketHeadSize(_ count: Int) -> Int { count < 126 ? 2 : count < 65_536 ? 4 : 10 }

  /// Writes a server's frame, which is not masked.
  package mutating func append(webSocket opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer) {
    append(webSocketHead: opcode, count: payload.count)
    append(payload)
  }

  /// Writes a server's frame whose payload is two parts.
  package mutating func append(
    webSocket opcode: WebSocketOpcode, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
  ) {
    append(webSocketHead: opcode, count: first.count + second.count)
    append(first)
    append(second)
  }

  /// Writes the head of a server's frame; `count` payload bytes must follow.
  package mutating func append(webSocketHead opcode: WebSocketOpcode, count: Int) {
    appendHead(opcode, count, maskBit: 0)
  }

  /// Writes a server's close frame; the reason is cut to what a control frame holds.
  package mutating func append(webSocketClose code: WebSocketCloseCode, reason: String = "") {
    var text = reason
    while text.utf8.count > 123 { text.removeLast() }
    append(webSocketHead: .close, count: 2 + text.utf8.count)
    append(UInt8(code.rawValue >> 8))
    append(UInt8(code.rawValue & 0xFF))
    append(utf8: text)
  }

  /// Writes a client's frame, masked; `mask` should be unpredictable (RFC 6455 §10.3).
  package mutating func append(
    maskedWebSocket opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, mask: UInt32
  ) {
    appendHead(opcode, payload.count, maskBit: 0x80)
    for shift: UInt32 in [0, 8, 16, 24] { append(UInt8(truncatingIfNeeded: mask >> shift)) }
    withUnsafeTemporaryAllocation(byteCount: payload.count, alignment: 8) { copy in
      copy.copyMemory(from: payload)
      unmask(copy, mask, 0)
      append(UnsafeRawBufferPointer(copy))
    }
  }

  private mutating func appendHead(_ opcode: WebSocketOpcode, _ count: Int, maskBit: UInt8) {
    append(0x80 | opcode.rawValue)
    if count < 126 {
      append(maskBit | UInt8(count))
    } else if count < 65_536 {
      append(maskBit | 126)
      append(UInt8(count >> 8))
      append(UInt8(count & 0xFF))
    } else {
      append(maskBit | 127)
      for shift in stride(from: 56, through: 0, by: -8) { append(UInt8(truncatingIfNeeded: count >> shift)) }
    }
  }
}
