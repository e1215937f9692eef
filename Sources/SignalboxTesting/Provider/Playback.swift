import SignalboxLLM

/// What a server does for one answer, step by step. Made without I/O from a reply and what was asked.
struct Playback: Equatable {
  enum Step: Equatable {
    /// Wait until so many nanoseconds after the request.
    case until(Int64)
    /// Wait so many nanoseconds.
    case pause(Int64)
    /// Wait to be released.
    case stall
    case head
    case body([UInt8])
    /// The body is whole.
    case end
    /// The connection ends.
    case close
    case reset
  }

  var status: Int
  var headers: [Cassette.Header]
  /// Bytes of the body where they are announced; nil: it comes in chunks.
  var length: Int?
  var steps: [Step]

  init(_ reply: ScriptedReply, to request: ReceivedRequest) {
    let format = ProviderFormat(path: request.path) ?? .chat
    switch reply.content {
    case .script(let script, let said):
      let format = said ?? format
      let streams = format.streams(path: request.path, said: request.wantsStream)
      var rendering = ReplyRenderer(script, format: format, requestedModel: request.model ?? "scripted")
      let chunks = streams ? rendering.stream() : [rendering.whole()]
      self.init(
        status: 200, headers: [.init(name: "content-type", value: format.contentType(streams: streams))],
        chunks: chunks, pause: reply.pause, isStream: streams)
    case .refusal(let status, let message, let headers):
      let body = ReplyRenderer.refusal(status: status, message, format: format)
      self.init(
        status: status, headers: [.init(name: "content-type", value: "application/json")] + headers,
        chunks: [Array(body.utf8)], pause: .zero, isStream: false)
    case .raw(let status, let headers, let chunks):
      self.init(status: status, headers: headers, chunks: chunks, pause: reply.pause, isStream: true)
    case .cassette(let cassette, let speed): self.init(cassette, speed: speed)
    }
    for fault in reply.faults { apply(fault) }
  }

  private init(
    status: Int, headers: [Cassette.Header], chunks: [[UInt8]], pause: Duration, isStream: Bool
  ) {
    self.status = status
    self.headers = headers
    length = isStream ? nil : chunks.reduce(0) { $0 + $1.count }
    steps = [.head]
    let nanoseconds =
      Int64(pause.components.seconds) * 1_000_000_000 + pause.components.attoseconds / 1_000_000_000
    for chunk in chunks {
      if nanoseconds > 0 { steps.append(.pause(nanoseconds)) }
      steps.append(.body(chunk))
    }
    steps.append(.end)
  }

  private init(_ cassette: Cassette, speed: Double) {
    func moment(_ at: Int64) -> [Step] { speed > 0 ? [.until(Int64(Double(at) / speed))] : [] }
    status = cassette.status
    headers = cassette.headers
    length = nil
    // A recording without an answer ends without one.
    guard status != 0 else {
      steps = moment(cassette.endAt) + [.close]
      return
    }
    steps = moment(cassette.headAt) + [.head]
    for chunk in cassette.chunks { steps += moment(chunk.at) + [.body(chunk.bytes)] }
    steps += moment(cassette.endAt)
    steps.append(cassette.end == .complete ? .end : .close)
  }

  // MARK: Faults

  private mutating func apply(_ fault: ScriptedReply.Fault) {
    switch fault {
    case .hangUp: steps = [.close]
    case .stallBeforeHead: steps.insert(.stall, at: 0)
    case .reset(let bytes): cut(after: bytes, then: [.reset], isLast: true)
    case .truncated(let bytes): cut(after: bytes, then: [.close], isLast: true)
    case .stall(let bytes): cut(after: bytes, then: [.stall], isLast: false)
    case .splitAtEveryByte: split(into: 1, pause: nil)
    case .drip(let bytes, let pause):
      split(
        into: max(1, bytes),
        pause: pause.components.seconds * 1_000_000_000
          + pause.components.attoseconds / 1_000_000_000)
    }
  }

  /// Puts steps behind so many bytes of the body (behind all of it, when it has fewer); nothing follows the last.
  private mutating func cut(after bytes: Int, then inserted: [Step], isLast: Bool) {
    var left = bytes
    for place in steps.indices {
      if steps[place] == .head, left <= 0 {
        steps.replaceSubrange(place + 1..<(isLast ? steps.count : place + 1), with: inserted)
        return
      }
      guard case .body(let chunk) = steps[place] else { continue }
      if chunk.count >= left {
        let rest = chunk[left...]
        let behind = isLast ? [] : (rest.isEmpty ? [] : [Step.body(Array(rest))]) + steps[(place + 1)...]
        steps = Array(steps[..<place]) + [.body(Array(chunk[..<left]))] + inserted + behind
        return
      }
      left -= chunk.count
    }
    guard let end = steps.firstIndex(of: .end) else { return }
    steps.replaceSubrange(end..<(isLast ? steps.count : end), with: inserted)
  }

  private mutating func split(into size: Int, pause: Int64?) {
    steps = steps.flatMap { step -> [Step] in
      guard case .body(let chunk) = step else { return [step] }
      return stride(from: 0, to: chunk.count, by: size).flatMap { start -> [Step] in
        let piece = Step.body(Array(chunk[start..<min(start + size, chunk.count)]))
        return pause.map { [.pause($0), piece] } ?? [piece]
      }
    }
  }
}
