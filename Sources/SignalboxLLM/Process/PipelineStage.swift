import Signalbox

/// A stage of a `Pipeline`: one of ours (`Filter`, `Transform`, `Batch`, …), or an `EventTransformer` of your own.
public protocol PipelineStage: Sendable {
  /// What the stage does to an event. Asked for once, when the pipeline is made.
  var step: PipelineStep { get }
}

/// What a stage does to an event, as the pipeline runs it.
public struct PipelineStep: Sendable {
  enum Work: Sendable {
    /// False drops the event, and so does an error.
    case test(@Sendable (StreamEvent) throws -> Bool)
    /// Changes the event; false drops it. After an error it goes on as it is.
    case change(@Sendable (inout StreamEvent, any EventClock) throws -> Bool)
    /// As `change`, and may wait.
    case wait(@Sendable (inout StreamEvent) async throws -> Void)
    case batch(Batch)
  }

  /// The stage's name in counts and problems.
  let name: String
  let work: Work
}

/// A transformer with a type of its own.
///
/// ```swift
/// struct UserContext: EventTransformer {
///   let userID: String
///   func transform(_ event: inout StreamEvent) { event.metadata["user_id"] = .string(userID) }
/// }
/// ```
public protocol EventTransformer: PipelineStage {
  /// Changes the event. After an error the event goes on as the transformer left it; the error is counted and
  /// reported.
  func transform(_ event: inout StreamEvent) async throws
}

extension EventTransformer {
  public var step: PipelineStep {
    PipelineStep(name: String(describing: Self.self), work: .wait { try await transform(&$0) })
  }
}

/// Makes the stages of a pipeline from the lines of a closure.
@resultBuilder
public enum PipelineBuilder {
  /// A stage.
  public static func buildExpression(_ stage: some PipelineStage) -> [any PipelineStage] { [stage] }
  /// Several stages, one after the other.
  public static func buildExpression(_ stages: [any PipelineStage]) -> [any PipelineStage] { stages }
  /// All stages, in their order.
  public static func buildBlock(_ stages: [any PipelineStage]...) -> [any PipelineStage] {
    stages.flatMap(\.self)
  }
  /// Stages behind an `if`.
  public static func buildOptional(_ stages: [any PipelineStage]?) -> [any PipelineStage] { stages ?? [] }
  /// Stages that an `if` chooses.
  public static func buildEither(first stages: [any PipelineStage]) -> [any PipelineStage] { stages }
  /// The other stages.
  public static func buildEither(second stages: [any PipelineStage]) -> [any PipelineStage] { stages }
  /// Stages of a loop.
  public static func buildArray(_ stages: [[any PipelineStage]]) -> [any PipelineStage] {
    stages.flatMap(\.self)
  }
}
