import JSONScan
import Wire

/// Takes events as they are served (`docs/events.md`) apart into what the terminal shows.
///
/// Confined to one task: the parser's buffers are reused.
final class EventDecoder {
  private let parser = JSONParser()

  /// What a live connection sends: an event, or a word about the connection itself.
  enum Message {
    case event(ShownEvent)
    /// `hello`, `heartbeat`, `gap` or `reset`, with the position it names.
    case control(String, position: String?, detail: String)
  }

  func decode(_ json: UnsafeRawBufferPointer) throws(JSONError) -> Message {
    let root = try parser.scan(copying: json).root
    if let control = root["control"]?.string {
      return .control(
        control, position: root["position"]?.string,
        detail: root["message"]?.string ?? root["reason"]?.string ?? "")
    }
    return .event(Self.event(root))
  }

  static func event(_ root: JSONValueView) -> ShownEvent {
    var event = ShownEvent()
    event.position = root["position"]?.string ?? ""
    event.type = root["type"]?.string ?? ""
    event.phase = (root["phase"]?.bytes).flatMap { Phase($0) }
    event.time = (root["time"]?.bytes).flatMap { Timestamp(rfc3339: $0)?.nanoseconds } ?? 0
    event.trace = root["trace"]?.string ?? ""
    event.span = root["span"]?.string ?? ""
    event.parent = root["parent"]?.string ?? ""
    event.session = root["session"]?.string ?? ""
    event.provider = root["provider"]?.string ?? ""
    event.model = root["model"]?.string ?? ""
    event.index = root["index"]?.int.flatMap { Int(exactly: $0) }
    event.demo = root["tags"]?["demo"]?.string == "true"
    guard let data = root["data"] else { return event }
    event.data = String(decoding: data.json, as: UTF8.self)
    event.name = data["name"]?.string ?? ""
    event.text = data["text"]?.string ?? data["message"]?.string ?? ""
    event.channel = data["channel"]?.string ?? ""
    event.reason = data["reason"]?.string ?? ""
    event.attempt = data["attempt"]?.int.flatMap { Int(exactly: $0) }
    event.discardFrom = data["discard_from"]?.int.flatMap { Int(exactly: $0) }
    event.fraction = data["fraction"]?.double
    event.usage = usage(event.phase == .usage ? data : data["usage"])
    event.firstDelta = data["timing"]?["first_delta_ms"]?.double
    event.duration = data["timing"]?["duration_ms"]?.double
    return event
  }

  /// Tokens in are what the provider had to read, from a cache or not.
  static func usage(_ usage: JSONValueView?) -> ShownUsage? {
    guard let usage, usage.kind == .object else { return nil }
    func number(_ name: StaticString) -> Int? { usage[name]?.int.flatMap { Int(exactly: $0) } }
    let classes = [number("input"), number("cached_read"), number("cache_write")].compactMap { $0 }
    let input = classes.isEmpty ? nil : classes.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    let shown = ShownUsage(
      input: input, output: number("output"), total: number("total"),
      estimated: usage["provenance"]?.string == "estimated")
    return shown.figure.isEmpty ? nil : shown
  }
}
