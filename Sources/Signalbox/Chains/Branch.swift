/// A part of a chain that goes one of several ways, as the value decides that comes to it.
///
/// ```swift
/// Branch("route") { (question: String) in question.count > 80 ? "deep" : "quick" } cases: {
///   Case("quick") { Step("answer") { (question: String) in try await quick(question) } }
///   Case("deep") {
///     Step("research") { (question: String) in try await research(question) }
///     Step("write") { (notes: [String]) in try await write(notes) }
///   }
/// }
/// ```
///
/// The event `chain.branch` {`name`, `choice`} says which way it went.
public struct Branch<Input: Sendable, Output: Sendable>: Sendable {
  let segment: ChainSegment<Input, Output>

  /// - Parameter choose: names the case; a value that is none of the cases' fails with the code `no_case`.
  public init<Choice: Hashable & Sendable>(
    _ name: String, on choose: @escaping @Sendable (Input) async throws -> Choice,
    @CaseBuilder cases: () -> [Case<Choice, Input, Output>]
  ) {
    let cases = cases()
    let plans = cases.map(\.segment.plan)
    segment = ChainSegment(.one(plans)) { input, place, run throws(ChainError) in
      let choice = try await run.choose(name) { try await choose(input) }
      guard let index = cases.firstIndex(where: { $0.choice == choice }) else {
        throw ChainError(.noCase, "there is no case \(choice)", step: name)
      }
      run.took(name, choice: "\(choice)", plans, index, at: place)
      return try await cases[index].segment.body(input, place.chosen(index, of: plans), run)
    }
  }

  /// Two ways.
  public init(
    _ name: String, if condition: @escaping @Sendable (Input) async throws -> Bool,
    @ChainBuilder then: () -> ChainSegment<Input, Output>,
    @ChainBuilder else otherwise: () -> ChainSegment<Input, Output>
  ) {
    let (first, second) = (then(), otherwise())
    self.init(name, on: condition) {
      Case(true, first)
      Case(false, second)
    }
  }

  /// Some steps that are left out where the condition does not hold: then the value passes by.
  public init(
    _ name: String, if condition: @escaping @Sendable (Input) async throws -> Bool,
    @ChainBuilder then: () -> ChainSegment<Input, Input>
  ) where Output == Input {
    let steps = then()
    let none = ChainSegment<Input, Input>.sequence([])
    self.init(name, on: condition) {
      Case(true, steps)
      Case(false, none)
    }
  }
}

/// One way of a `Branch`.
public struct Case<Choice: Hashable & Sendable, Input: Sendable, Output: Sendable>: Sendable {
  let choice: Choice
  let segment: ChainSegment<Input, Output>

  /// The steps that are taken for this choice.
  public init(_ choice: Choice, @ChainBuilder _ steps: () -> ChainSegment<Input, Output>) {
    self.init(choice, steps())
  }

  init(_ choice: Choice, _ segment: ChainSegment<Input, Output>) {
    self.choice = choice
    self.segment = segment
  }
}

@resultBuilder
/// Takes the cases of a `Branch`, one below the other.
public enum CaseBuilder {
  /// All cases, in their order.
  public static func buildBlock<Choice, In, Out>(_ cases: Case<Choice, In, Out>...) -> [Case<Choice, In, Out>]
  {
    cases
  }
}
