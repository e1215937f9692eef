internal import JSONScan
internal import Wire

/// The envelope of the SimWorks protocol (`docs/sockets.md`):
/// `{"event_id", "event_type", "created_at", "correlation_id"|null, "payload": {}}`. An event's `event_id` is its
/// position, so that a client which keeps the last one can resume with it.
enum SimWorksFrames {
  static func write(_ event: DialectEvent, to json: inout ByteWriter) -> Bool {
    json.append("{\"event_id\":\"")
    json.append(event.position)
    json.append("\"")
    json.append(member: "event_type", escaped: event.type)
    json.append(",\"created_at\":\"")
    json.append(rfc3339: Timestamp(nanoseconds: event.slot.time))
    json.append("\",\"correlation_id\":")
    let request = event.bytes.field(.request, of: event.slot)
    if request.isEmpty {
      json.append("null")
    } else {
      json.append("\"")
      json.append(request)
      json.append("\"")
    }
    payload(event, to: &json)
    json.append("}")
    return true
  }

  /// Always an object.
  private static func payload(_ event: DialectEvent, to json: inout ByteWriter) {
    json.append(",\"payload\":")
    let data = event.bytes.field(.data, of: event.slot)
    guard event.showsContent, !data.isEmpty else { return json.append("{}") }
    // The place of a text that was read from the log lies between its quotes; else it includes them.
    let isBare = data.baseAddress?.advanced(by: -1).load(as: UInt8.self) == UInt8(ascii: "\"")
    if data[0] == UInt8(ascii: "{"), !isBare { return json.append(data) }
    json.append("{\"value\":")
    if isBare { json.append("\"") }
    json.append(data)
    if isBare { json.append("\"") }
    json.append("}")
  }

  /// A message of the server itself, which is no event; its `event_id` is the position up to which the client was
  /// served, so that it is good for resuming, too.
  static func control(
    _ type: StaticString, at position: Position, correlation: String?, _ payload: (inout ByteWriter) -> Void
  ) -> ByteWriter {
    var json = ByteWriter(capacity: 256)
    json.append("{\"event_id\":\"")
    json.append(position)
    json.append("\",\"event_type\":\"")
    json.append(type)
    json.append("\",\"created_at\":\"")
    json.append(rfc3339: .now())
    json.append("\",\"correlation_id\":")
    if let correlation { json.append(jsonString: correlation) } else { json.append("null") }
    json.append(",\"payload\":{")
    payload(&json)
    json.append("}}")
    return json
  }
}
