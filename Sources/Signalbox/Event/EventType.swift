import Wire

/// What kind of event it is: a label of 1–128 characters of `[A-Za-z0-9_.:/-]`, by custom a lower-case dot
/// name such as `rag.retrieval.complete`. It opens and ends nothing; that is `EventPhase`'s.
public struct EventType: Sendable, Hashable, CustomStringConvertible {
  public let name: String

  /// `nil` when the name breaks the rule above.
  public init?(validating name: String) {
    guard Self.isValid(name) else { return nil }
    self.name = name
  }

  /// Repairs a name that breaks the rule, because emitting never fails: other characters become `_`, what is
  /// too long is cut, nothing becomes `event`.
  public init(repairing name: String) {
    if Self.isValid(name) {
      self.name = name
    } else {
      let repaired = name.unicodeScalars.prefix(EventRules.typeLength).map { scalar in
        Self.isValid(String(scalar)) ? Character(scalar) : "_"
      }
      self.name = repaired.isEmpty ? "event" : String(repaired)
    }
  }

  public var description: String { name }

  private static func isValid(_ name: String) -> Bool {
    var name = name
    return name.withUTF8 { EventRules.isType(UnsafeRawBufferPointer($0)) }
  }
}

extension EventType: ExpressibleByStringLiteral {
  public init(stringLiteral name: String) { self.init(repairing: name) }
}

extension EventType {
  /// `signalbox.gap`: what a producer had to drop.
  public static let gap: EventType = "signalbox.gap"
}
