/// What an emitter knows of the types of its application: tells them once, and reports what is not among them.
final class DeclaredTypes: Sendable {
  /// Declarations in one event.
  private static let batch = 100
  /// Names that are remembered as reported.
  private static let limit = 1000

  private let types: EventTypes
  private let report: (@Sendable (EmitterProblem) -> Void)?
  private let reported = Locked<Set<String>>([])

  init(_ types: EventTypes, report: (@Sendable (EmitterProblem) -> Void)?) {
    self.types = types
    self.report = report
  }

  /// The events that announce them.
  var announcements: [Event] {
    let all = types.declarations
    return stride(from: 0, to: all.count, by: Self.batch).map { start in
      let part = all[start..<min(start + Self.batch, all.count)]
      return Event("signalbox.types", ["types": .array(part.map(\.json))])
    }
  }

  /// Reports a type that nobody declared, once.
  func check(_ type: EventType) {
    guard let report, !types.declares(type.name), !EventTypes.signalbox.declares(type.name) else { return }
    let isNew = reported.withLock { $0.count < Self.limit && $0.insert(type.name).inserted }
    guard isNew else { return }
    var message = "\"\(type)\" is not declared: add it to the emitter's types"
    if let problem = EventType.problem(with: type.name) { message += ". " + problem }
    let problem = EmitterProblem(exporter: "types", events: 0, field: "type", message: message)
    // Emitting never calls out: whoever hears of it may take his time.
    Task { report(problem) }
  }
}
