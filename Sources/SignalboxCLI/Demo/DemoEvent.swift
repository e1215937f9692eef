import Wire

/// An event of the demo before it has ids and times: what happens, and how long after the one before.
struct DemoEvent: Sendable {
  /// Milliseconds since the event before, at speed 1.
  var wait: Int
  var type: String
  var phase: Phase?
  /// Name of the span inside the script; ids are minted when it is played.
  var span: String
  var parent: String?
  var model: String?
  var index: Int?
  /// `data` as JSON text.
  var data: String
}

/// The ids of one playing of the demo.
struct DemoIdentity: Sendable {
  let trace: String
  let session: String
  private let seed: UInt64

  init(using random: inout some RandomNumberGenerator) {
    var writer = ByteWriter(capacity: 48)
    writer.append(hex: random.next(), digits: 16)
    writer.append(hex: random.next(), digits: 16)
    trace = writer.string
    writer.truncate(to: 0)
    writer.append("demo-")
    writer.append(hex: random.next(), digits: 6)
    session = writer.string
    seed = random.next() | 1
  }

  /// A span id for a name of the script: the same in one playing, another in the next (FNV-1a, seeded).
  func span(_ name: String) -> String {
    var hash = seed
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    var writer = ByteWriter(capacity: 16)
    writer.append(hex: hash, digits: 16)
    return writer.string
  }
}

extension ByteWriter {
  /// Writes an event of the demo as JSON, marked with the tag `demo`.
  mutating func append(_ event: DemoEvent, as identity: DemoIdentity, at time: Timestamp) {
    append("{\"type\":")
    append(jsonString: event.type)
    if let phase = event.phase {
      append(",\"phase\":\"")
      append(phase.name)
      append("\"")
    }
    append(",\"time\":\"")
    append(rfc3339: time)
    append("\",\"trace\":")
    append(jsonString: identity.trace)
    append(",\"span\":")
    append(jsonString: identity.span(event.span))
    if let parent = event.parent {
      append(",\"parent\":")
      append(jsonString: identity.span(parent))
    }
    append(",\"session\":")
    append(jsonString: identity.session)
    append(",\"source\":{\"service\":\"demo\"}")
    if let model = event.model {
      append(",\"provider\":\"openai\",\"model\":")
      append(jsonString: model)
    }
    if let index = event.index {
      append(",\"index\":")
      append(decimal: index)
    }
    append(",\"tags\":{\"demo\":\"true\"},\"data\":")
    append(utf8: event.data)
    append("}")
  }
}
