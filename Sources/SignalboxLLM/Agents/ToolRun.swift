public import Signalbox

/// One call of a tool, as its body sees it.
public struct ToolRun: Sendable {
  /// What the model asked for; `call.id` is the id in the call's events.
  public let call: ToolCall
  /// Which turn of the run it belongs to, from 0.
  public let turn: Int
  private let span: ActiveSpan

  init(_ call: ToolCall, turn: Int, span: ActiveSpan) {
    self.call = call
    self.turn = turn
    self.span = span
  }

  /// The session of the run.
  public var session: String? { span.context.session }

  /// Says how far it is, from 0 to 1.
  public func progress(_ fraction: Double, _ message: String? = nil) { span.progress(fraction, message) }

  /// Emits an event inside of the call's span.
  public func emit(_ type: EventType, _ data: JSONValue? = nil) { span.emit(type, data) }
}

/// What came of a call of a tool.
public struct ToolOutcome: Sendable, Hashable {
  /// Why there is no result; more may come.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ name: String) { description = name }

    /// It threw.
    public static let toolFailed = Code("tool_failed")
    /// The agent has no tool of that name.
    public static let unknownTool = Code("unknown_tool")
    /// The arguments are no JSON, or not what the tool's schema asks for.
    public static let invalidArguments = Code("invalid_arguments")
    /// It took longer than its timeout.
    public static let timeout = Code("timeout")
    /// The run was cancelled, or reached a limit, before it was done.
    public static let cancelled = Code("cancelled")
  }

  public var call: ToolCall
  /// The text that the model is given: the result, or why there is none.
  public var text: String
  /// Nil: it succeeded.
  public var failure: Code?
  /// Milliseconds.
  public var durationMS: Double

  public init(call: ToolCall, text: String, failure: Code? = nil, durationMS: Double = 0) {
    self.call = call
    self.text = text
    self.failure = failure
    self.durationMS = durationMS
  }

  /// What goes back to the model.
  public var result: ToolResult {
    ToolResult(callID: call.id, name: call.name, text: text, isError: failure != nil)
  }
}

/// Why a tool gave no result, as its span and the model are told.
struct ToolProblem: Error {
  var code: ToolOutcome.Code
  var message: String
  /// What the span says instead, where content is not told.
  var told: String?

  init(_ code: ToolOutcome.Code, _ message: String) {
    self.code = code
    self.message = message
  }

  static func invalidArguments(_ why: String) -> ToolProblem {
    ToolProblem(.invalidArguments, "the arguments do not fit: \(why)")
  }
}

extension ToolProblem: SpanFailure {
  var spanReason: SpanReason { code == .cancelled ? .cancelled : .failed }
  var spanCode: String? { code.description }
  var spanMessage: String { told ?? message }
}
