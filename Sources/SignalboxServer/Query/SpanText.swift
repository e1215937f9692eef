internal import JSONScan
internal import Wire

/// Puts the deltas of a span together again: one text per channel, choice and tool call, in the order of the
/// index, without what a restart made void.
struct SpanText {
  struct ToolCall: Equatable {
    var index: Int64
    var id: String?
    var name: String?
    var arguments: String
  }

  private enum Channel: Hashable {
    case text(choice: Int64)
    case reasoning(choice: Int64)
    case refusal(choice: Int64)
    case tool(choice: Int64, index: Int64)
  }

  private struct Piece {
    var index: Int64
    var channel: Channel
    var text: String
  }

  private var pieces: [Piece] = []
  private var tools: [Channel: (id: String?, name: String?)] = [:]
  private(set) var attempts: Int64 = 1

  /// Takes an event of the span in the order of the log; others than deltas and restarts change nothing.
  mutating func add(phase: Phase?, index: Int64, data: JSONValueView) {
    switch phase {
    case .delta: addDelta(index: index, data)
    case .restart:
      let from = data["discard_from"]?.int ?? 0
      pieces.removeAll { $0.index >= from }
      attempts = max(attempts + 1, (data["attempt"]?.int ?? 0) + 1)
    default: break
    }
  }

  private mutating func addDelta(index: Int64, _ data: JSONValueView) {
    let choice = data["choice"]?.int ?? 0
    let tool = data["tool"]
    let channel: Channel
    switch data["channel"]?.string ?? "text" {
    case "reasoning": channel = .reasoning(choice: choice)
    case "refusal": channel = .refusal(choice: choice)
    case "tool_arguments": channel = .tool(choice: choice, index: tool?["index"]?.int ?? 0)
    default: channel = .text(choice: choice)
    }
    if let tool, case .tool = channel {
      let known = tools[channel]
      tools[channel] = (tool["id"]?.string ?? known?.id, tool["name"]?.string ?? known?.name)
    }
    let text = data["text"]?.string ?? ""
    guard !text.isEmpty else { return }
    pieces.append(Piece(index: index, channel: channel, text: text))
  }

  private func joined(_ channel: Channel) -> String {
    pieces.filter { $0.channel == channel }.sorted { $0.index < $1.index }.map(\.text).joined()
  }

  var isEmpty: Bool { pieces.isEmpty && tools.isEmpty }
  var text: String { joined(.text(choice: 0)) }
  var reasoning: String { joined(.reasoning(choice: 0)) }
  var refusal: String { joined(.refusal(choice: 0)) }

  /// The texts of the choices beyond the first, by their number.
  var otherChoices: [(choice: Int64, text: String)] {
    let numbers = Set(
      pieces.compactMap { piece -> Int64? in
        if case .text(let choice) = piece.channel, choice > 0 { choice } else { nil }
      })
    return numbers.sorted().map { ($0, joined(.text(choice: $0))) }
  }

  var toolCalls: [ToolCall] {
    let calls = tools.compactMap { channel, names -> ToolCall? in
      guard case .tool(choice: 0, let index) = channel else { return nil }
      return ToolCall(index: index, id: names.id, name: names.name, arguments: joined(channel))
    }
    return calls.sorted { $0.index < $1.index }
  }
}
