import Signalbox

/// One stream's part of a conversation: what the model said, in the order in which it began to say it.
public struct Transcript: Sendable, Hashable {
  /// What was said in one go.
  public enum Part: Sendable, Hashable {
    case text(String)
    case reasoning(String)
    case refusal(String)
    case toolCall(ToolCall)
  }

  /// Where a piece belongs.
  private struct Place: Sendable, Hashable {
    var choice: Int
    var channel: DeltaChannel
    var tool: Int
  }

  private struct Run: Sendable, Hashable {
    var place: Place
    var text = ""
    var toolID = ""
    var toolName = ""
    /// Where each piece begins in the text, so that void ones can be taken back.
    var pieces: [Piece] = []
  }

  private struct Piece: Sendable, Hashable {
    var index: Int
    var start: Int
  }

  private var runs: [Run] = []
  private let limit: Int
  /// Bytes that are kept, and that were more than may be kept.
  private var bytes = 0
  /// Bytes of text that were more than `limit`.
  public private(set) var omittedBytes = 0

  /// `limit`: bytes of text that are kept; more are counted. Default 4 MiB.
  public init(limit: Int = 4 << 20) { self.limit = limit }

  /// Takes an event of the stream. Nothing but deltas and restarts changes it.
  public mutating func record(_ event: StreamEvent) {
    switch event {
    case .delta(let delta): add(delta)
    case .restart(let restart): discard(from: restart.discardFrom)
    default: break
    }
  }

  /// What one of the answers says; the first one unless another is asked for.
  public func parts(choice: Int = 0) -> [Part] {
    runs.compactMap { run in
      guard run.place.choice == choice else { return nil }
      return switch run.place.channel {
      case .text: .text(run.text)
      case .reasoning: .reasoning(run.text)
      case .refusal: .refusal(run.text)
      case .toolArguments: .toolCall(ToolCall(id: run.toolID, name: run.toolName, arguments: run.text))
      }
    }
  }

  /// The text of the first answer, without reasoning and tool calls.
  public var text: String {
    parts().reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
  }

  private mutating func add(_ delta: StreamDelta) {
    let size = delta.text.utf8.count
    guard bytes + size <= limit else {
      omittedBytes += size
      return
    }
    bytes += size
    let place = Place(choice: delta.choice, channel: delta.channel, tool: delta.tool?.index ?? -1)
    let run = run(at: place)
    if size > 0 || runs[run].pieces.isEmpty {
      runs[run].pieces.append(Piece(index: delta.chunkIndex, start: runs[run].text.utf8.count))
    }
    runs[run].text += delta.text
    if let id = delta.tool?.id { runs[run].toolID = id }
    if let name = delta.tool?.name { runs[run].toolName = name }
  }

  /// Arguments of one call belong together; anything else begins anew where something else was said in between.
  private mutating func run(at place: Place) -> Int {
    let known =
      place.channel == .toolArguments
      ? runs.lastIndex { $0.place == place }
      : runs.lastIndex { $0.place.choice == place.choice }.flatMap { runs[$0].place == place ? $0 : nil }
    if let known { return known }
    runs.append(Run(place: place))
    return runs.count - 1
  }

  private mutating func discard(from index: Int) {
    for place in runs.indices {
      guard let first = runs[place].pieces.firstIndex(where: { $0.index >= index }) else { continue }
      let start = runs[place].pieces[first].start
      bytes -= runs[place].text.utf8.count - start
      runs[place].text = String(decoding: runs[place].text.utf8.prefix(start), as: UTF8.self)
      runs[place].pieces.removeSubrange(first...)
    }
    runs.removeAll { $0.pieces.isEmpty }
  }
}
