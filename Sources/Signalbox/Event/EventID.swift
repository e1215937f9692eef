import Wire

/// An event's id: a UUIDv7 kept as two integers and rendered when it is written, or somebody else's id
/// verbatim.
public struct EventID: Sendable, Hashable {
  enum Form: Sendable, Hashable {
    case minted(high: UInt64, low: UInt64)
    case foreign(String)
  }

  let form: Form

  init(minted: (high: UInt64, low: UInt64)) { form = .minted(high: minted.high, low: minted.low) }

  /// Keeps an id of 1–64 characters of `[A-Za-z0-9_-]`; `nil` for anything else.
  public init?(_ text: String) {
    guard isID(text) else { return nil }
    form = .foreign(text)
  }

  /// Stands in until the id is minted.
  static let none = EventID(minted: (0, 0))

  /// A new UUIDv7, unique across processes.
  public static func generate() -> EventID {
    EventID(minted: generator.withLock { $0.next(at: .now()) })
  }

  private static let generator = Locked(UUIDv7Generator())
}

extension EventID: CustomStringConvertible {
  public var description: String {
    switch form {
    case .foreign(let text): return text
    case .minted(let high, let low):
      var writer = ByteWriter(capacity: 36)
      writer.append(uuid: (high, low))
      return writer.string
    }
  }
}

extension ByteWriter {
  mutating func append(jsonString id: EventID) {
    switch id.form {
    case .foreign(let text): append(jsonString: text)
    case .minted(let high, let low):
      append(UInt8(ascii: "\""))
      append(uuid: (high, low))
      append(UInt8(ascii: "\""))
    }
  }
}

/// Whether the text may stand as an id: 1–64 of `[A-Za-z0-9_-]`.
func isID(_ text: String) -> Bool {
  var text = text
  return text.withUTF8 { EventRules.isID(UnsafeRawBufferPointer($0)) }
}
