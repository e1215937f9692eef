internal import Wire

/// The events of OpenAI Responses by what they mean to a reader.
enum ResponsesEvent {
  /// The texts of an item.
  enum Text: Equatable {
    case text, refusal, reasoning, summary
    /// What a tool is called with: JSON for functions, any text for custom tools.
    case arguments
    case signature, annotation

    init?(content type: UnsafeRawBufferPointer) {
      if type.elementsEqual("output_text") || type.elementsEqual("text") {
        self = .text
      } else if type.elementsEqual("refusal") {
        self = .refusal
      } else if type.elementsEqual("reasoning_text") {
        self = .reasoning
      } else if type.elementsEqual("summary_text") {
        self = .summary
      } else {
        return nil
      }
    }

    var channel: ReplyChannel {
      switch self {
      case .text, .annotation: .text
      case .refusal: .refusal
      case .reasoning, .summary: .reasoning
      case .arguments: .toolArguments
      case .signature: .signature
      }
    }

    /// The member that holds the whole text.
    var member: StaticString { self == .refusal ? "refusal" : "text" }
  }

  case delta(Text)
  /// A whole text, in `member`.
  case done(Text, member: StaticString)
  case partDone, itemAdded, itemDone, annotation
  /// The response itself, on its way.
  case progress
  case end
  case error
  /// Something that is known, and says nothing that becomes an event: what tools of OpenAI's own do, images, sound.
  case silent

  /// Nil for a type that is not known.
  init?(_ type: UnsafeRawBufferPointer) {
    guard let known = Self.kinds.first(where: { type.elementsEqual($0.type) }) else {
      guard Self.silentFamilies.contains(where: { type.starts(with: $0) }) else { return nil }
      self = .silent
      return
    }
    self = known.kind
  }

  /// The frequent ones first.
  private static let kinds: [(type: StaticString, kind: ResponsesEvent)] = [
    ("response.output_text.delta", .delta(.text)),
    ("response.function_call_arguments.delta", .delta(.arguments)),
    ("response.reasoning_summary_text.delta", .delta(.summary)),
    ("response.reasoning_text.delta", .delta(.reasoning)),
    ("response.custom_tool_call_input.delta", .delta(.arguments)),
    ("response.mcp_call_arguments.delta", .delta(.arguments)),
    ("response.refusal.delta", .delta(.refusal)),
    ("response.audio.transcript.delta", .delta(.text)),
    ("response.output_text.done", .done(.text, member: "text")),
    ("response.function_call_arguments.done", .done(.arguments, member: "arguments")),
    ("response.reasoning_summary_text.done", .done(.summary, member: "text")),
    ("response.reasoning_text.done", .done(.reasoning, member: "text")),
    ("response.custom_tool_call_input.done", .done(.arguments, member: "input")),
    ("response.mcp_call_arguments.done", .done(.arguments, member: "arguments")),
    ("response.refusal.done", .done(.refusal, member: "refusal")),
    ("response.output_item.added", .itemAdded),
    ("response.output_item.done", .itemDone),
    ("response.content_part.added", .silent),
    ("response.content_part.done", .partDone),
    ("response.reasoning_summary_part.added", .silent),
    ("response.reasoning_summary_part.done", .partDone),
    ("response.output_text.annotation.added", .annotation),
    ("response.created", .progress),
    ("response.queued", .progress),
    ("response.in_progress", .progress),
    ("response.completed", .end),
    ("response.incomplete", .end),
    ("response.failed", .end),
    ("response.cancelled", .end),
    ("error", .error),
    ("keepalive", .silent),
  ]

  private static let silentFamilies: [StaticString] = [
    "response.web_search_call.", "response.file_search_call.", "response.code_interpreter_call",
    "response.image_generation_call.", "response.mcp_call.", "response.mcp_list_tools.", "response.audio.",
    "response.shell_call_", "response.compaction.", "response.steer.",
  ]
}

extension UnsafeRawBufferPointer {
  func starts(with text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    return count >= length && UnsafeRawBufferPointer(rebasing: self[..<length]).elementsEqual(text)
  }
}
