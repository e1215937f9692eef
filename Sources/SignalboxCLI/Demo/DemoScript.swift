import Wire

/// The pieces that the runs of the demo are written with.
struct DemoScript {
  private(set) var events: [DemoEvent] = []
  private var indices: [String: Int] = [:]

  mutating func add(
    _ wait: Int, _ type: String, _ phase: Phase?, _ span: String, in parent: String? = nil,
    model: String? = nil, index: Int? = nil, _ data: String
  ) {
    events.append(
      DemoEvent(
        wait: wait, type: type, phase: phase, span: span, parent: parent, model: model, index: index,
        data: data))
  }

  /// The start of a model call inside the span `parent`.
  mutating func start(call: String, wait: Int, model: String, messages: String) {
    add(
      wait, "llm.start", .start, call, in: "agent", model: model,
      #"{"operation":"chat","endpoint":"/v1/chat/completions","stream":true,"input":\#(messages),"tools":["look_up_order"]}"#
    )
  }

  /// Words at an uneven pace, as a model gives them.
  mutating func stream(_ span: String, channel: String, first: Int, every: Int, _ text: String) {
    var wait = first
    for (place, word) in Self.tokens(text).enumerated() {
      let index = indices[span, default: 0]
      indices[span] = index + 1
      var writer = ByteWriter(capacity: 64)
      writer.append("{\"channel\":")
      writer.append(jsonString: channel)
      writer.append(",\"text\":")
      writer.append(jsonString: word)
      writer.append("}")
      add(wait, "llm.delta", .delta, span, index: index, writer.string)
      wait = every + (place * 7919) % 23
    }
  }

  mutating func end(call: String, reason: String, input: Int, output: Int, reasoning: Int) {
    let total = input + output
    add(
      15, "llm.usage", .usage, call,
      #"{"input":\#(input),"output":\#(output),"reasoning":\#(reasoning),"total":\#(total),"provenance":"provider_final"}"#
    )
    add(5, "llm.end", .end, call, #"{"finish_reason":"\#(reason)","response":"demo-\#(call)"}"#)
  }

  /// The text cut before each space, so that the pieces joined are the text.
  private static func tokens(_ text: String) -> [String] {
    var tokens: [String] = []
    for character in text {
      if character == " " || tokens.isEmpty { tokens.append("") }
      tokens[tokens.count - 1].append(character)
    }
    return tokens.filter { !$0.isEmpty }
  }
}
