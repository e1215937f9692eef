/// A part of a chain whose parts run at the same time, each with the same input; it gives a tuple of what they give.
///
/// ```swift
/// Parallel {
///   Step("summary") { (text: String) in try await summarise(text) }
///   Step("language") { (text: String) in try await language(text) }
/// }
/// Step("report") { (parts: (String, Language)) in Report(parts.0, in: parts.1) }
/// ```
///
/// The first part that fails cancels the others. Several steps in one part are a `Chain` of their own. For the same
/// work on many elements there is `Step.each`.
public struct Parallel<Input: Sendable, Output: Sendable>: Sendable {
  let segment: ChainSegment<Input, Output>

  public init(@ParallelBuilder _ parts: () -> Parallel) { self = parts() }

  init(_ plans: [ChainPlan], _ body: @escaping ChainSegment<Input, Output>.Body) {
    segment = ChainSegment(.all(plans), body)
  }
}

@resultBuilder
public enum ParallelBuilder {
  public static func buildExpression<In, Out>(_ step: Step<In, Out>) -> ChainSegment<In, Out> { step.segment }
  public static func buildExpression<In, Out>(_ part: Branch<In, Out>) -> ChainSegment<In, Out> {
    part.segment
  }
  public static func buildExpression<In, Out>(_ chain: Chain<In, Out>) -> ChainSegment<In, Out> {
    chain.segment
  }

  public static func buildBlock<In, A, B>(
    _ a: ChainSegment<In, A>, _ b: ChainSegment<In, B>
  ) -> Parallel<In, (A, B)> {
    Parallel([a.plan, b.plan]) { input, place, run throws(ChainError) in
      let parts = try await run.parallel([a.erased, b.erased], input, at: place)
      return (parts.value(0), parts.value(1))
    }
  }

  public static func buildBlock<In, A, B, C>(
    _ a: ChainSegment<In, A>, _ b: ChainSegment<In, B>, _ c: ChainSegment<In, C>
  ) -> Parallel<In, (A, B, C)> {
    Parallel([a.plan, b.plan, c.plan]) { input, place, run throws(ChainError) in
      let parts = try await run.parallel([a.erased, b.erased, c.erased], input, at: place)
      return (parts.value(0), parts.value(1), parts.value(2))
    }
  }

  public static func buildBlock<In, A, B, C, D>(
    _ a: ChainSegment<In, A>, _ b: ChainSegment<In, B>, _ c: ChainSegment<In, C>, _ d: ChainSegment<In, D>
  ) -> Parallel<In, (A, B, C, D)> {
    Parallel([a.plan, b.plan, c.plan, d.plan]) { input, place, run throws(ChainError) in
      let parts = try await run.parallel([a.erased, b.erased, c.erased, d.erased], input, at: place)
      return (parts.value(0), parts.value(1), parts.value(2), parts.value(3))
    }
  }
}

/// What parallel parts gave, in their order.
struct ParallelResults: Sendable {
  let values: [any Sendable]

  func value<Value>(_ place: Int) -> Value {
    guard let value = values[place] as? Value else {
      preconditionFailure("A part gave a value of another type")
    }
    return value
  }
}

extension ChainSegment {
  var erased: ChainSegment<Input, any Sendable> {
    ChainSegment<Input, any Sendable>(plan) { input, place, run throws(ChainError) in
      try await body(input, place, run)
    }
  }
}

extension ChainRun {
  /// Runs the parts at the same time; the first failure cancels the others, and is thrown once all have ended.
  func parallel<Input>(
    _ segments: [ChainSegment<Input, any Sendable>], _ input: Input, at place: ChainPlace
  ) async throws(ChainError) -> ParallelResults {
    let result = await withTaskGroup(of: (Int, Result<any Sendable, ChainError>).self) { group in
      var at = place
      for (index, segment) in segments.enumerated() {
        group.addTask { [at] in
          do throws(ChainError) { return (index, .success(try await segment.body(input, at, self))) } catch {
            return (index, .failure(error))
          }
        }
        at = at.advanced(by: segment.plan.count)
      }
      var values = [(any Sendable)?](repeating: nil, count: segments.count)
      var failure: ChainError?
      for await (index, result) in group {
        switch result {
        case .success(let value): values[index] = value
        case .failure(let error):
          // The others are cancelled because of the first: that is not what went wrong.
          if failure == nil || failure?.code == .cancelled && error.code != .cancelled { failure = error }
          group.cancelAll()
        }
      }
      if let failure { return Result<ParallelResults, ChainError>.failure(failure) }
      return .success(ParallelResults(values: values.compactMap { $0 }))
    }
    return try result.get()
  }
}
