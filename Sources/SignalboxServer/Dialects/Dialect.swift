internal import Wire

/// Somebody else's wire format that a live reader may ask for.
package struct Dialect: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    /// Flat frames of a chain, as WebSocket frames.
    case chain
    /// The frames of a chat session, as WebSocket frames.
    case session
    /// Envelopes of the SimWorks protocol, as WebSocket frames.
    case simWorks
    /// The same as server-sent events.
    case simWorksStream
  }

  package struct Options: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Each frame carries its position, and there are heartbeats and frames that the original had not.
    package static let positions = Options(rawValue: 1)
    /// The pieces of an answer, too.
    package static let pieces = Options(rawValue: 2)
    /// No texts, arguments or results: structure, timing and counts only.
    package static let withoutContent = Options(rawValue: 4)
  }

  package var kind: Kind
  package var options: Options

  package init(_ kind: Kind, _ options: Options = []) {
    self.kind = kind
    self.options = options
  }

  /// Types of the events that the dialect has frames for, as beginnings; empty: all.
  package var types: [String] {
    switch kind {
    case .chain: ["chain."]
    case .session: ["chat.", "tool.", "llm.", "agent."]
    case .simWorks, .simWorksStream: []
    }
  }
}

extension Dialect {
  /// What is said to readers who have all there is, every 10 s: a sign of life, and how far they were served.
  func heartbeat(at position: Position) -> SharedBytes {
    var out = ByteWriter(capacity: 96)
    guard kind != .simWorksStream else {
      out.append(": keep-alive\n\n")
      return SharedBytes(taking: out)
    }
    // A ping that every client answers by itself; a browser's page does not see it, so those that can are told more.
    out.append(webSocketHead: .ping, count: 0)
    if options.contains(.positions), kind == .chain || kind == .session {
      frame(&out) { json in
        json.append(kind == .chain ? "{\"update_type\":\"heartbeat\"" : "{\"type\":\"heartbeat\"")
        json.append(position: position)
        json.append("}")
      }
    }
    return SharedBytes(taking: out)
  }

  /// Says in the dialect's own words that a stretch was stored and cannot be given.
  func append(gap: (first: Position, last: Position), to out: inout ByteWriter) {
    frame(&out) { json in
      switch kind {
      case .chain:
        json.append("{\"update_type\":\"error\",\"status\":\"error\",\"error\":")
        json.append(jsonString: Self.gapMessage)
        if options.contains(.positions) {
          json.append(position: gap.last)
          json.append(",\"reason\":\"gap\"")
        }
      case .session:
        json.append("{\"type\":\"error\",\"error\":")
        json.append(jsonString: Self.gapMessage)
        if options.contains(.positions) { json.append(position: gap.last) }
      case .simWorks, .simWorksStream:
        json.append("{\"event_id\":\"")
        json.append(gap.last)
        json.append("\",\"event_type\":\"session.resync_required\",\"created_at\":\"")
        json.append(rfc3339: .now())
        json.append("\",\"correlation_id\":null,\"payload\":{\"reason\":\"gap\",\"first\":\"")
        json.append(gap.first)
        json.append("\",\"last\":\"")
        json.append(gap.last)
        json.append("\"}")
      }
      json.append("}")
    }
  }

  private static let gapMessage = "A stretch of what happened cannot be read any more"

  /// Writes a frame of a WebSocket, or for a stream the event without an id.
  func frame(_ out: inout ByteWriter, _ write: (inout ByteWriter) -> Void) {
    var json = ByteWriter(capacity: 256)
    write(&json)
    if kind == .simWorksStream {
      out.append("data: ")
      out.append(json.raw)
      out.append("\n\n")
    } else {
      out.append(webSocketHead: .text, count: json.count)
      out.append(json.raw)
    }
  }
}

extension ByteWriter {
  /// Writes `,"position":"…"`.
  mutating func append(position: Position) {
    append(",\"position\":\"")
    append(position)
    append("\"")
  }
}
