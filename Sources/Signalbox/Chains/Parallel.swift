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

/// Takes steps, branches and chains as the parts of a `Parallel`.
@resultBuilder
public enum ParallelBuilder {
  /// A step is a part.
  public static func buildExpression<In, Out>(_ step: Step<In, Out>) -> ChainSegment<In, Out> { step.segment }
  /// A branch is a part.
  public static func buildExpression<In, Out>(_ part: Branch<In, Out>) -> ChainSegment<In, Out> {
    part.segment
  }
  /// A chain of several steps is a part.
  public static func buildExpression<In, Out>(_ chain: Chain<In, Out>) -> ChainSegment<In, Out> {
    chain.segment
  }

  /// Any number of parts.
  public static func buildBlock<In, each Part: Sendable>(
    _ parts: repeat ChainSegment<In, each Part>
  ) -> Parallel<In, (repeat each Part)> {
    var plans: [ChainPlan] = []
    var erased: [ChainSegment<In, any Sendable>] = []
    for part in repeat each parts {
      plans.append(part.plan)
      erased.append(part.erased)
    }
    return Parallel(plans) { [erased] input, place, run throws(ChainError) in
      var results = try await run.parallel(erased, input, at: place)
      return (repeat results.next(as: (each Part).self))
    }
  }
}

/// What parallel parts gave, in their order.
struct ParallelResults: Sendable {
  private let values: [any Sendable]
  private var place = 0

  init(_ values: [any Sendable]) { self.values = values }

  mutating func next<Value>(as type: Value.Type) -> Value {
    guard let value = values[place] as? Value else {
      preconditionFailure("A part gave a value of another type")
    }
    place += 1
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
      return .success(ParallelResults(values.compactMap { $0 }))
    }
    return try result.get()
  }
}
