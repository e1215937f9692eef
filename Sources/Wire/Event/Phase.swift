/// What an event does to its span. Only a phase opens or ends a span; a type is a label.
package enum Phase: UInt8, CaseIterable, Sendable {
  case start = 1
  case delta, usage, progress, restart, end, error

  /// Whether the phase is the last of a span.
  package var isTerminal: Bool { self == .end || self == .error }

  package var name: StaticString {
    switch self {
    case .start: "start"
    case .delta: "delta"
    case .usage: "usage"
    case .progress: "progress"
    case .restart: "restart"
    case .end: "end"
    case .error: "error"
    }
  }

  /// The phase of that name; nil when there is none.
  package init?(_ name: UnsafeRawBufferPointer) {
    guard let phase = Phase.allCases.first(where: { name.elementsEqual($0.name) }) else { return nil }
    self = phase
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these bytes are exactly the text.
  @inlinable package func elementsEqual(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for i in 0..<count where self[i] != text.utf8Start[i] { return false }
    return true
  }
}
