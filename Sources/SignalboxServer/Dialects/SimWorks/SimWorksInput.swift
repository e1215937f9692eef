internal import JSONScan
internal import Wire

/// What a client of the SimWorks protocol says: `{"event_type", "correlation_id"?, "payload"?}`, nothing else.
struct SimWorksInput: Equatable {
  enum Kind: Equatable {
    case hello(lastEvent: String?)
    case resume(lastEvent: String)
    case ping
  }

  var kind: Kind
  var correlation: String?

  /// Longest frame, in bytes.
  static let frameLimit = 64 << 10

  /// Why a frame is not understood.
  struct Problem: Error, Equatable {
    /// A stable word for programs.
    var code: String
    var message: String
    var correlation: String?
  }

  init(_ kind: Kind, correlation: String? = nil) {
    self.kind = kind
    self.correlation = correlation
  }

  init(_ frame: UnsafeRawBufferPointer, parser: JSONParser) throws(Problem) {
    let root: JSONValueView
    do { root = try parser.scan(padded: frame).root } catch {
      throw Problem(code: "invalid_json", message: "The frame is not JSON: \(error.message)")
    }
    guard root.kind == .object else {
      throw Problem(code: "invalid_json", message: "The frame is not a JSON object")
    }
    correlation = try Self.correlation(root)
    do throws(Problem) {
      try Self.check(root, ["event_type", "correlation_id", "payload"], of: "the frame")
      kind = try Self.kind(root)
    } catch {
      throw Problem(code: error.code, message: error.message, correlation: correlation)
    }
  }

  private static func correlation(_ root: JSONValueView) throws(Problem) -> String? {
    guard let value = root["correlation_id"], !value.isNull else { return nil }
    guard let text = value.string, text.utf8.count <= 128 else {
      throw Problem(code: "invalid_field", message: "correlation_id is a text of at most 128 bytes")
    }
    return text
  }

  private static func kind(_ root: JSONValueView) throws(Problem) -> Kind {
    guard let type = root["event_type"]?.string else {
      throw Problem(code: "missing_field", message: "event_type is missing, or is no text")
    }
    let payload = root["payload"].flatMap { $0.isNull ? nil : $0 }
    if let payload, payload.kind != .object {
      throw Problem(code: "invalid_field", message: "payload is an object")
    }
    switch type {
    case "session.hello": return .hello(lastEvent: try lastEvent(payload))
    case "session.resume":
      guard let last = try lastEvent(payload) else {
        throw Problem(code: "missing_field", message: "payload.last_event_id is missing")
      }
      return .resume(lastEvent: last)
    case "ping": return .ping
    default:
      throw Problem(
        code: "unknown_event_type",
        message: "'\(type.prefix(64))' is not understood; send session.hello, session.resume or ping")
    }
  }

  private static func lastEvent(_ payload: JSONValueView?) throws(Problem) -> String? {
    guard let value = payload?["last_event_id"], !value.isNull else { return nil }
    guard let text = value.string else {
      throw Problem(code: "invalid_field", message: "payload.last_event_id is a text")
    }
    return text
  }

  private static func check(
    _ object: JSONValueView, _ known: [StaticString], of name: String
  ) throws(Problem) {
    var unknown: String?
    object.forEachMember { key, _ in
      if !known.contains(where: { key.bytes.elementsEqual($0) }) { unknown = unknown ?? key.string }
    }
    guard let unknown else { return }
    throw Problem(
      code: "unknown_field", message: "\(name) has a member '\(unknown.prefix(64))' that is not understood")
  }
}
