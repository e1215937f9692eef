/// A part of a chain: what it needs, what it gives, and the steps it is made of. `ChainBuilder` makes them of steps,
/// branches and parallel parts; where one gives what the next needs, they join.
public struct ChainSegment<Input: Sendable, Output: Sendable>: Sendable {
  typealias Body = @Sendable (Input, ChainPlace, ChainRun) async throws(ChainError) -> Output

  let plan: ChainPlan
  let body: Body

  init(_ plan: ChainPlan, _ body: @escaping Body) {
    self.plan = plan
    self.body = body
  }

  /// This, and then the next with what this gives.
  func joined<Next>(_ next: ChainSegment<Output, Next>) -> ChainSegment<Input, Next> {
    let count = plan.count
    return ChainSegment<Input, Next>(.all([plan, next.plan])) { input, place, run throws(ChainError) in
      let between = try await body(input, place, run)
      return try await next.body(between, place.advanced(by: count), run)
    }
  }

  /// Several, one after another, each with what the last gives.
  static func sequence(_ segments: [ChainSegment<Input, Input>]) -> ChainSegment<Input, Input> {
    ChainSegment<Input, Input>(.all(segments.map(\.plan))) { input, place, run throws(ChainError) in
      var value = input
      var place = place
      for segment in segments {
        value = try await segment.body(value, place, run)
        place = place.advanced(by: segment.plan.count)
      }
      return value
    }
  }
}

/// Joins the steps of a chain: each is given what the one before it gave.
@resultBuilder
public enum ChainBuilder {
  /// A step is a part.
  public static func buildExpression<In, Out>(_ step: Step<In, Out>) -> ChainSegment<In, Out> {
    step.segment
  }

  /// A branch is a part.
  public static func buildExpression<In, Out>(_ branch: Branch<In, Out>) -> ChainSegment<In, Out> {
    branch.segment
  }

  /// Parts that run at the same time are a part.
  public static func buildExpression<In, Out>(_ parallel: Parallel<In, Out>) -> ChainSegment<In, Out> {
    parallel.segment
  }

  /// The steps of another chain become steps of this one.
  public static func buildExpression<In, Out>(_ chain: Chain<In, Out>) -> ChainSegment<In, Out> {
    chain.segment
  }

  /// The first part.
  public static func buildPartialBlock<In, Out>(first: ChainSegment<In, Out>) -> ChainSegment<In, Out> {
    first
  }

  /// One part after the other: what one gives is what the next takes.
  public static func buildPartialBlock<In, Mid, Out>(
    accumulated: ChainSegment<In, Mid>, next: ChainSegment<Mid, Out>
  ) -> ChainSegment<In, Out> {
    accumulated.joined(next)
  }

  /// A loop makes as many steps as it has rounds, which give what they are given.
  public static func buildArray<Value>(_ segments: [ChainSegment<Value, Value>]) -> ChainSegment<Value, Value>
  {
    .sequence(segments)
  }

  /// What is decided when the chain is made; what a value decides is a `Branch`.
  public static func buildOptional<Value>(_ segment: ChainSegment<Value, Value>?) -> ChainSegment<
    Value, Value
  > {
    segment ?? .sequence([])
  }

  /// A part that an `if` chooses when the chain is made.
  public static func buildEither<In, Out>(first: ChainSegment<In, Out>) -> ChainSegment<In, Out> { first }
  /// The other part.
  public static func buildEither<In, Out>(second: ChainSegment<In, Out>) -> ChainSegment<In, Out> { second }
}
