public import Signalbox

/// Lets through the events that match, and drops the others.
///
/// What is given narrows: an event must be of one of the types, from one of the providers, and so on. Filters join
/// with `and`, `or` and `not`. A predicate that throws drops the event; the error is counted and reported.
public struct Filter: PipelineStage {
  private indirect enum Rule: Sendable {
    case criteria(Criteria)
    case predicate(@Sendable (StreamEvent) throws -> Bool)
    case all(Rule, Rule)
    case any(Rule, Rule)
    case not(Rule)
  }

  private let rule: Rule

  private init(_ rule: Rule) { self.rule = rule }

  /// Anything that is not given lets all through.
  ///
  /// - Parameters:
  ///   - types: Types of events as `StreamEvent.type` names them, each with everything that begins so: `llm.delta`,
  ///     or `llm.` for all.
  ///   - providers: Names, upper or lower case alike.
  ///   - models: Names; a `*` at the end stands for any rest.
  ///   - channels: Deltas of other channels are dropped; what is no delta is not concerned.
  public init(
    types: String..., providers: [String] = [], models: [String] = [], channels: [DeltaChannel] = []
  ) {
    rule = .criteria(Criteria(types: types, providers: providers, models: models, channels: channels))
  }

  /// By a predicate of your own.
  public init(_ predicate: @escaping @Sendable (StreamEvent) throws -> Bool) {
    rule = .predicate(predicate)
  }

  /// What both let through.
  public func and(_ other: Filter) -> Filter { Filter(.all(rule, other.rule)) }

  /// What at least one lets through.
  public func or(_ other: Filter) -> Filter { Filter(.any(rule, other.rule)) }

  /// What this one drops.
  public var not: Filter { Filter(.not(rule)) }

  /// Whether the event is let through.
  public func matches(_ event: StreamEvent) throws -> Bool { try Self.matches(event, rule) }

  public var step: PipelineStep {
    let rule = rule
    switch rule {
    case .predicate(let predicate): return PipelineStep(name: "Filter", work: .test(predicate))
    case .criteria(let criteria): return PipelineStep(name: "Filter", work: .test { criteria.match($0) })
    default: return PipelineStep(name: "Filter", work: .test { try Self.matches($0, rule) })
    }
  }

  private static func matches(_ event: StreamEvent, _ rule: Rule) throws -> Bool {
    switch rule {
    case .criteria(let criteria): criteria.match(event)
    case .predicate(let predicate): try predicate(event)
    case .all(let first, let second): try matches(event, first) && matches(event, second)
    case .any(let first, let second): try matches(event, first) || matches(event, second)
    case .not(let rule): try !matches(event, rule)
    }
  }
}

/// What a filter asks of an event, made ready to be asked often.
private struct Criteria: Sendable {
  private struct Name: Sendable {
    let text: String
    let isPrefix: Bool
  }

  /// A bit for each place in `StreamEvent.types`.
  private let types: UInt8
  private let channels: Set<DeltaChannel>
  /// Lower case.
  private let providers: [[UInt8]]
  private let models: [Name]

  init(types: [String], providers: [String], models: [String], channels: [DeltaChannel]) {
    self.types =
      types.isEmpty
      ? .max
      : StreamEvent.types.enumerated().reduce(0) { bits, entry in
        types.contains { entry.element.hasPrefix($0) } ? bits | 1 << UInt8(entry.offset) : bits
      }
    self.channels = Set(channels)
    self.providers = providers.map { $0.utf8.map(lower) }
    self.models = models.map { name in
      name.hasSuffix("*")
        ? Name(text: String(name.dropLast()), isPrefix: true) : Name(text: name, isPrefix: false)
    }
  }

  func match(_ event: StreamEvent) -> Bool {
    guard types & 1 << event.typePlace != 0 else { return false }
    if !channels.isEmpty, case .delta(let delta) = event, !channels.contains(delta.channel) { return false }
    guard !providers.isEmpty || !models.isEmpty else { return true }
    let info = event.info
    if !providers.isEmpty {
      let matches = providers.contains { name in
        name.count == info.provider.utf8.count
          && name.elementsEqual(info.provider.utf8) { $0 == lower($1) }
      }
      guard matches else { return false }
    }
    return models.isEmpty
      || models.contains { $0.isPrefix ? info.model.hasPrefix($0.text) : info.model == $0.text }
  }
}

private func lower(_ byte: UInt8) -> UInt8 { 65...90 ~= byte ? byte | 0x20 : byte }

extension StreamEvent {
  /// Every type, in the order of `typePlace`.
  fileprivate static let types = [
    "llm.start", "llm.delta", "llm.usage", "llm.restart", "llm.end", "llm.error",
  ]

  fileprivate var typePlace: UInt8 {
    switch self {
    case .start: 0
    case .delta: 1
    case .usage: 2
    case .restart: 3
    case .complete: 4
    case .error: 5
    }
  }
}
