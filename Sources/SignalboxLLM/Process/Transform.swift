/// Changes every event by a closure.
///
/// When the closure throws, the event goes on as the closure left it; the error is counted and reported.
public struct Transform: PipelineStage {
  public let step: PipelineStep

  /// A change that needs no waiting: the fast way.
  public init(_ change: @escaping @Sendable (inout StreamEvent) throws -> Void) {
    step = PipelineStep(
      name: "Transform",
      work: .change { event, _ in
        try change(&event)
        return true
      })
  }

  /// A change that has to wait for something.
  public init(_ change: @escaping @Sendable (inout StreamEvent) async throws -> Void) {
    step = PipelineStep(name: "Transform", work: .wait(change))
  }
}
