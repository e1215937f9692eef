/// Why a chain did not end well.
public struct ChainError: Error, Sendable, CustomStringConvertible {
  /// What went wrong, by a short stable name; more may come.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ name: String) { description = name }

    /// A step threw an error.
    public static let failed = Code("failed")
    /// A step took longer than it may.
    public static let timeout = Code("timeout")
    /// The chain was cancelled: by its handle, or with its caller's task.
    public static let cancelled = Code("cancelled")
    /// A branch chose a case that it does not have.
    public static let noCase = Code("no_case")
    /// The id that was given is none: nothing was begun.
    public static let invalidID = Code("invalid_id")
  }

  /// What went wrong, by its stable name.
  public var code: Code
  /// A plain sentence; the error's own where a step threw one.
  public var message: String
  /// The step, or the branch, that it happened in; nil: between steps.
  public var step: String?
  /// Place of the step in the plan, from 0; nil for a branch.
  public var place: Int?
  /// How often the step was tried.
  public var attempts: Int
  /// What the step threw.
  public var underlying: (any Error)?

  public init(
    _ code: Code, _ message: String, step: String? = nil, place: Int? = nil, attempts: Int = 1,
    underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.step = step
    self.place = place
    self.attempts = attempts
    self.underlying = underlying
  }

  public var description: String {
    let place = step.map { "step \"\($0)\": " } ?? ""
    return "\(code): \(place)\(message)"
  }

  static func cancelled(step: String? = nil, place: Int? = nil, attempts: Int = 1) -> ChainError {
    ChainError(.cancelled, "the chain was cancelled", step: step, place: place, attempts: attempts)
  }
}
