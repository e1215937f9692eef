internal import JSONScan
internal import Wire

/// The flat frames that the page of a chain is told (`docs/chain-monitor.md`):
///
/// ```
/// {"update_type":"start","status":"started","metadata":{…}}
/// {"update_type":"step","step_name":"…","progress_percentage":50,"intermediate_result":{…}}
/// {"update_type":"complete","status":"completed","result":{…}}
/// {"update_type":"error","status":"error","error":"…"}
/// ```
///
/// Readers who asked for positions get `progress` as well, and `position` in every frame.
enum ChainFrames {
  /// Writes the frame of an event; false when it has none.
  static func write(_ event: DialectEvent, to json: inout ByteWriter) -> Bool {
    let type = event.type
    guard !event.isLateEnd else { return false }
    if type.elementsEqual("chain.step") {
      step(event, to: &json)
    } else if type.elementsEqual("chain.start") {
      start(event, to: &json)
    } else if type.elementsEqual("chain.end") {
      complete(event, to: &json)
    } else if type.elementsEqual("chain.error") {
      error(event, to: &json)
    } else if event.options.contains(.positions), type.elementsEqual("chain.progress") {
      progress(event, to: &json)
    } else {
      return false
    }
    if event.options.contains(.positions) { json.append(position: event.position) }
    json.append("}")
    return true
  }

  /// The members that the caller gave, and the chain's name and steps where those have none of these names.
  private static func start(_ event: DialectEvent, to json: inout ByteWriter) {
    json.append("{\"update_type\":\"start\",\"status\":\"started\",\"metadata\":{")
    let data = event.data()
    let given = event.showsContent ? data?["metadata"] : nil
    var isFirst = true
    func write(_ key: UnsafeRawBufferPointer, _ value: JSONValueView, to json: inout ByteWriter) {
      if !isFirst { json.append(",") }
      isFirst = false
      json.append("\"")
      json.append(key)
      json.append("\":")
      json.append(value.json)
    }
    given?.forEachMember { key, value in write(key.bytes, value, to: &json) }
    let own: [(StaticString, StaticString)] = [
      ("name", "name"), ("steps", "steps"), ("total", "total_steps"),
    ]
    for (member, name) in own where given?[name] == nil {
      guard let value = data?[member] else { continue }
      write(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value, to: &json)
    }
    json.append("}")
  }

  private static func step(_ event: DialectEvent, to json: inout ByteWriter) {
    let data = event.data()
    json.append("{\"update_type\":\"step\"")
    event.append(name: data, as: "step_name", to: &json)
    json.append(",\"progress_percentage\":")
    json.append(percentage: data?["fraction"]?.double ?? share(data))
    json.append(member: "intermediate_result", json: event.showsContent ? data?["result"] : nil)
  }

  /// How far a chain is that counts its steps and says no fraction: the step is done.
  private static func share(_ data: JSONValueView?) -> Double? {
    guard let step = data?["step"]?.int, let steps = data?["steps"]?.int, steps > 0 else { return nil }
    return min(Double(step + 1) / Double(steps), 1)
  }

  private static func complete(_ event: DialectEvent, to json: inout ByteWriter) {
    let data = event.data()
    json.append("{\"update_type\":\"complete\",\"status\":\"completed\"")
    json.append(member: "result", json: event.showsContent ? data?["output"] ?? data?["result"] : nil)
  }

  private static func error(_ event: DialectEvent, to json: inout ByteWriter) {
    let data = event.data()
    json.append("{\"update_type\":\"error\",\"status\":\"error\"")
    let message = event.showsContent ? data?["message"]?.string : DialectEvent.redacted
    json.append(member: "error", string: message ?? "The chain failed and did not say why")
    guard event.options.contains(.positions), let reason = data?["reason"]?.string else { return }
    json.append(member: "reason", string: reason)
  }

  private static func progress(_ event: DialectEvent, to json: inout ByteWriter) {
    let data = event.data()
    json.append("{\"update_type\":\"progress\"")
    event.append(name: data, as: "step_name", to: &json)
    json.append(",\"progress_percentage\":")
    json.append(percentage: data?["fraction"]?.double)
    json.append(",\"step_percentage\":")
    json.append(percentage: data?["step_fraction"]?.double)
    guard event.showsContent else { return }
    json.append(member: "intermediate_result", json: data?["result"])
    if let message = data?["message"] { json.append(member: "message", textOf: message) }
  }
}

extension ByteWriter {
  /// A fraction as a percentage with at most two decimals; null when there is none.
  fileprivate mutating func append(percentage fraction: Double?) {
    guard let fraction, fraction.isFinite else { return append("null") }
    append(json: (min(max(fraction, 0), 1) * 10_000).rounded() / 100)
  }
}
