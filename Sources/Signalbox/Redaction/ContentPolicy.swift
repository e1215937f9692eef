package import Wire

/// How much of what an event says is kept.
public enum ContentMode: String, Sendable, CaseIterable {
  /// All of it, as it came.
  case full
  /// All but personal data and secrets that are found in it.
  case redacted
  /// Structure, timing and counts.
  case metadata
}

/// What is kept of which events, and what is redacted in them.
///
/// The source of the format is [docs/redaction.md](../../../docs/redaction.md).
public struct ContentPolicy: Sendable {
  /// A mode for the events that all given patterns fit; `*` in them stands for any characters.
  package struct Rule: Sendable {
    package var identity: [UInt8]?
    package var service: [UInt8]?
    package var type: [UInt8]?
    package var mode: ContentMode
  }

  /// The mode of events that no rule fits; default: full.
  public var mode: ContentMode
  /// The first that fits counts.
  package var rules: [Rule] = []
  package var fields: [FieldPath] = []
  package var set: RedactionSet

  /// Made once: every emitter has a policy.
  private static let everything = RedactionSet()

  /// Looks for everything that Signalbox knows, in all events.
  public init(_ mode: ContentMode = .full) {
    self.mode = mode
    set = Self.everything
  }

  /// Whether every event is kept as it came.
  package var keepsAll: Bool { mode == .full && rules.allSatisfy { $0.mode == .full } }

  /// The mode of an event; what it does not have is given as empty.
  package func mode(
    type: some RandomAccessCollection<UInt8>, identity: some RandomAccessCollection<UInt8>,
    service: some RandomAccessCollection<UInt8>
  ) -> ContentMode {
    func fits(_ pattern: [UInt8]?, _ value: some RandomAccessCollection<UInt8>) -> Bool {
      pattern.map { !value.isEmpty && Glob.matches($0, value) } ?? true
    }
    let rule = rules.first { fits($0.type, type) && fits($0.identity, identity) && fits($0.service, service) }
    return rule?.mode ?? mode
  }
}
