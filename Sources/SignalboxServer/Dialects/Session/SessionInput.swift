internal import JSONScan
internal import Wire

/// What a client says in the socket of a session.
enum SessionInput: Equatable {
  /// `{"type":"message","session_id","content"}`, and an `id` of the client's own that makes a re-send harmless.
  case message(content: String, id: String?)
  /// `{"type":"ping"}`
  case ping

  /// Longest text, in bytes.
  static let contentLimit = 256 << 10
  /// Longest frame: the text with every byte escaped would not fit, any that people write does.
  static let frameLimit = 2 * contentLimit

  /// Why a frame is not understood, as a plain sentence.
  struct Problem: Error, Equatable { var message: String }

  /// Reads a frame; `session` is the socket's.
  static func read(_ frame: UnsafeRawBufferPointer, session: String, parser: JSONParser) throws(Problem)
    -> SessionInput
  {
    let root: JSONValueView
    do { root = try parser.scan(padded: frame).root } catch {
      throw Problem(message: "it is not JSON: \(error.message)")
    }
    guard root.kind == .object else { throw Problem(message: "it is not a JSON object") }
    if let named = root["session_id"], !named.isNull, !named.bytes.elementsEqual(session.utf8) {
      throw Problem(message: "session_id is not this socket's; a socket speaks for its own session only")
    }
    guard let type = root["type"]?.string else { throw Problem(message: "type is missing") }
    switch type {
    case "ping": return .ping
    case "message": return try message(root)
    default: throw Problem(message: "type is '\(type.prefix(64))', not message")
    }
  }

  private static func message(_ root: JSONValueView) throws(Problem) -> SessionInput {
    guard let content = root["content"]?.string else {
      throw Problem(message: "content is missing, or is no text")
    }
    guard content.utf8.count <= contentLimit else {
      throw Problem(message: "content has more than \(contentLimit) bytes")
    }
    guard content.utf8.contains(where: { $0 > 0x20 }) else { throw Problem(message: "content is empty") }
    guard let id = root["id"], !id.isNull else { return .message(content: content, id: nil) }
    guard id.kind == .string || id.int != nil, EventRules.isID(id.bytes) else {
      throw Problem(message: "id is not 1 to 64 of A-Z a-z 0-9 _ -")
    }
    return .message(content: content, id: String(decoding: id.bytes, as: UTF8.self))
  }
}
