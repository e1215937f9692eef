public import Signalbox

extension StreamHandlers {
  /// A handler as they were before events had types: it gets the plain text as a string, and everything else (JSON,
  /// reasoning, refusals, a tool's arguments) as an object with the member `text`.
  public init(
    untyped delta: @escaping Handler<JSONValue>, failure: ((HandlerFailure) -> Void)? = nil
  ) {
    self.init(delta: { try await delta($0.untyped) }, failure: failure)
  }
}

extension StreamDelta {
  /// A string for plain text, else an object: `text`, `channel`, `is_json`, `choice`, and `tool` for arguments.
  public var untyped: JSONValue {
    guard isJSON || channel != .text || choice != 0 else { return .string(text) }
    var object: JSONObject = [
      "text": .string(text), "channel": .string(channel.rawValue), "is_json": .bool(isJSON),
      "choice": .int(Int64(choice)),
    ]
    object["tool"] = tool?.json
    return .object(object)
  }
}
