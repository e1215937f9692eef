/// One step of a chain: a name, and a function from what it needs to what it gives.
///
/// ```swift
/// Step("load") { (url: String, step) in
///   step.progress(0.5)
///   return try await load(url)
/// }
/// .timeout(.seconds(10)).retry(3).weight(4)
/// ```
public struct Step<Input: Sendable, Output: Sendable>: Sendable {
  /// What a step does; it should end soon when its task is cancelled.
  public typealias Body = @Sendable (Input, StepHandle) async throws -> Output

  let name: String
  let body: Body
  var policy = StepPolicy()
  var weight = 1.0

  public init(_ name: String, _ body: @escaping Body) {
    self.name = name
    self.body = body
  }

  public init(_ name: String, _ body: @escaping @Sendable (Input) async throws -> Output) {
    self.init(name) { input, _ in try await body(input) }
  }

  /// The same, tried again when it throws, as a span that says so.
  ///
  /// An error that is a `RetryableError` decides itself whether that is any use, and is left alone where it was tried
  /// more than once already (a model's client has retries of its own), unless `condition` is given; every other error
  /// is tried again. A cancelled step never is.
  ///
  /// - Parameters:
  ///   - attempts: at most, the first among them.
  ///   - backoff: how long to wait between them. Default 0.5 s, doubled each time, at most 30 s.
  ///   - condition: which errors are tried again.
  public func retry(
    _ attempts: Int, backoff: Backoff = Backoff(), if condition: (@Sendable (any Error) -> Bool)? = nil
  ) -> Step {
    var step = self
    step.policy.attempts = max(attempts, 1)
    step.policy.backoff = backoff
    step.policy.condition = condition
    return step
  }

  /// The same, cancelled when one attempt takes longer than that; then it has failed with the code `timeout`.
  public func timeout(_ limit: Duration) -> Step {
    var step = self
    step.policy.timeout = limit
    return step
  }

  /// The same, as that much of the whole. Default 1; 0 is a step that progress does not notice.
  public func weight(_ weight: Double) -> Step {
    var step = self
    step.weight = weight.isFinite ? max(weight, 0) : 1
    return step
  }

  var segment: ChainSegment<Input, Output> {
    ChainSegment(.step(name: name, weight: weight)) { input, place, run throws(ChainError) in
      try await run.step(self, input, at: place)
    }
  }
}

extension Step {
  /// A step that does the same with every element, several at a time, and says how far it is. Results keep the order
  /// of the elements; the first that fails cancels the others.
  ///
  /// - Parameter limit: how many at a time, at least 1. Default 4.
  public static func each<Element: Sendable, Result: Sendable>(
    _ name: String, atMost limit: Int = 4,
    _ body: @escaping @Sendable (Element, StepHandle) async throws -> Result
  ) -> Step where Input == [Element], Output == [Result] {
    Step(name) { elements, step in
      try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results = [Result?](repeating: nil, count: elements.count)
        var next = 0
        while next < min(max(limit, 1), elements.count) {
          group.addTask { [next] in (next, try await body(elements[next], step)) }
          next += 1
        }
        var done = 0
        while let (place, result) = try await group.next() {
          results[place] = result
          done += 1
          if done < elements.count { step.progress(Double(done) / Double(elements.count)) }
          guard next < elements.count else { continue }
          group.addTask { [next] in (next, try await body(elements[next], step)) }
          next += 1
        }
        return results.compactMap { $0 }
      }
    }
  }

  /// The same for a body that needs nothing of the step.
  public static func each<Element: Sendable, Result: Sendable>(
    _ name: String, atMost limit: Int = 4, _ body: @escaping @Sendable (Element) async throws -> Result
  ) -> Step where Input == [Element], Output == [Result] {
    each(name, atMost: limit) { element, _ in try await body(element) }
  }
}

/// How a step is tried.
struct StepPolicy: Sendable {
  var attempts = 1
  var backoff = Backoff()
  var condition: (@Sendable (any Error) -> Bool)?
  var timeout: Duration?

  /// How long to wait before the next attempt after so many; nil: there is none.
  func wait(after error: any Error, attempt: Int, random: Double) -> Duration? {
    guard attempt < attempts else { return nil }
    let retryable = error as? any RetryableError
    let isWorthIt = retryable.map { $0.isRetryable && !$0.wasRetried } ?? true
    guard condition?(error) ?? isWorthIt else { return nil }
    return max(backoff.wait(afterFailures: attempt, random: random), retryable?.retryAfter ?? .zero)
  }
}

/// An attempt took too long.
struct StepTimeout: Error, CustomStringConvertible {
  let limit: Duration

  var description: String { "it took longer than \(limit)" }
}
