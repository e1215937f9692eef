public import Signalbox

/// Streaming begins: the request goes out.
@dynamicMemberLookup
public struct StreamStart: Sendable {
  public var info: StreamInfo

  public init(info: StreamInfo) { self.info = info }

  public subscript<Value>(dynamicMember member: KeyPath<StreamInfo, Value>) -> Value { info[keyPath: member] }
}

/// A piece of the reply came.
@dynamicMemberLookup
public struct StreamDelta: Sendable {
  public var info: StreamInfo
  /// The piece, as it came.
  public var text: String
  /// Place among the call's deltas, gapless from 0; rises on after a restart.
  public var chunkIndex: Int
  /// The text is a piece of a JSON document: JSON was asked for, or these are a tool's arguments.
  public var isJSON: Bool
  public var channel: DeltaChannel
  /// Which of several answers, from 0.
  public var choice: Int
  /// The tool call that the piece belongs to; nil for anything but arguments.
  public var tool: ToolFragment?

  public init(
    info: StreamInfo, text: String, chunkIndex: Int, isJSON: Bool = false, channel: DeltaChannel = .text,
    choice: Int = 0, tool: ToolFragment? = nil
  ) {
    self.info = info
    self.text = text
    self.chunkIndex = chunkIndex
    self.isJSON = isJSON
    self.channel = channel
    self.choice = choice
    self.tool = tool
  }

  public subscript<Value>(dynamicMember member: KeyPath<StreamInfo, Value>) -> Value { info[keyPath: member] }
}

/// What is known of the tokens; the last of several is the most complete.
@dynamicMemberLookup
public struct StreamUsage: Sendable {
  public var info: StreamInfo
  public var usage: TokenUsage

  public init(info: StreamInfo, usage: TokenUsage) {
    self.info = info
    self.usage = usage
  }

  /// The numbers are our own guess.
  public var isEstimated: Bool { usage.provenance.confidence != nil }
  /// How sure the numbers are, 0 … 1; 1 where the provider counted.
  public var confidence: Double { usage.provenance.confidence ?? 1 }

  public subscript<Value>(dynamicMember member: KeyPath<StreamInfo, Value>) -> Value { info[keyPath: member] }
}

/// The call is tried again although text was delivered.
@dynamicMemberLookup
public struct StreamRestart: Sendable {
  public var info: StreamInfo
  /// The first repeat is 1.
  public var attempt: Int
  /// Deltas before this event with this index or a higher one are void.
  public var discardFrom: Int
  /// Why the last attempt failed.
  public var error: LLMError

  public init(info: StreamInfo, attempt: Int, discardFrom: Int, error: LLMError) {
    self.info = info
    self.attempt = attempt
    self.discardFrom = discardFrom
    self.error = error
  }

  public subscript<Value>(dynamicMember member: KeyPath<StreamInfo, Value>) -> Value { info[keyPath: member] }
}

/// The reply is whole.
@dynamicMemberLookup
public struct StreamComplete: Sendable {
  public var info: StreamInfo
  /// All that came of the call: text, tool calls, usage, cost, timing.
  public var reply: Reply

  public init(info: StreamInfo, reply: Reply) {
    self.info = info
    self.reply = reply
  }

  /// How many deltas there were.
  public var totalChunks: Int { reply.timing.deltas }
  /// From the request to the end, milliseconds.
  public var durationMS: Double { reply.timing.durationMS }
  public var finalUsage: TokenUsage? { reply.usage }
  public var cost: Cost { reply.cost }

  public subscript<Value>(dynamicMember member: KeyPath<StreamInfo, Value>) -> Value { info[keyPath: member] }
}

/// The call ended otherwise than well.
@dynamicMemberLookup
public struct StreamError: Sendable {
  public var info: StreamInfo
  public var error: LLMError

  public init(info: StreamInfo, error: LLMError) {
    self.info = info
    self.error = error
  }

  /// A short stable name of what went wrong, such as `rate_limited`.
  public var errorType: String { error.code.description }
  /// Sending the same request again may succeed.
  public var isRetryable: Bool { error.isRetryable }

  public subscript<Value>(dynamicMember member: KeyPath<StreamInfo, Value>) -> Value { info[keyPath: member] }
}
