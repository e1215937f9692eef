import Signalbox

/// Writes down conversations as text, with reasoning and tool calls; what a restart makes void disappears.
///
/// Any number of streams may be handed to it at once; their parts stand in the order in which they began.
public final class TranscriptRecorder: Sendable {
  private enum Entry: Sendable {
    case said(role: String, text: String)
    case stream(String, Transcript)
  }

  private struct State {
    var entries: [Entry] = []
    /// Where the entry of a stream is that has not ended.
    var open: [String: Int] = [:]
  }

  private let limit: Int
  private let entries: Int
  private let state = Locked(State())

  /// - Parameters:
  ///   - limit: Bytes of a stream that are kept. Default 4 MiB.
  ///   - entries: Parts of the conversation that are kept; the oldest is forgotten first. Default 1000.
  public init(limit: Int = 4 << 20, entries: Int = 1000) {
    self.limit = limit
    self.entries = max(1, entries)
  }

  /// Adds what somebody else said, such as a user or a tool.
  public func add(_ text: String, from role: String) {
    state.withLock { append(.said(role: role, text: text), to: &$0) }
  }

  /// Takes an event of any stream.
  public nonisolated(nonsending) func handle(_ event: StreamEvent) async { record(event) }

  /// The same without being awaited.
  public func record(_ event: StreamEvent) {
    let key = event.streamKey
    state.withLock { state in
      if state.open[key] == nil {
        append(.stream(key, Transcript(limit: limit)), to: &state)
        state.open[key] = state.entries.count - 1
      }
      guard let place = state.open[key], case .stream(_, var transcript) = state.entries[place] else {
        return
      }
      // The entry lets go of it, so that it is changed in place.
      state.entries[place] = .said(role: "", text: "")
      transcript.record(event)
      state.entries[place] = .stream(key, transcript)
      if event.isTerminal { state.open[key] = nil }
    }
  }

  /// What each stream said, in order.
  public var transcripts: [Transcript] {
    state.withLock { $0.entries }.compactMap {
      if case .stream(_, let transcript) = $0 { transcript } else { nil }
    }
  }

  /// The conversation as text: a paragraph a part, with who says it in front.
  public var text: String {
    var lines: [String] = []
    for entry in state.withLock({ $0.entries }) {
      switch entry {
      case .said(let role, let text): lines.append("\(role): \(text)")
      case .stream(_, let transcript): lines += transcript.parts().map(Self.line)
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func line(_ part: Transcript.Part) -> String {
    switch part {
    case .text(let text): "assistant: \(text)"
    case .reasoning(let text): "assistant (reasoning): \(text)"
    case .refusal(let text): "assistant (refusal): \(text)"
    case .toolCall(let call): "assistant (tool call \(call.name)): \(call.arguments)"
    }
  }

  private func append(_ entry: Entry, to state: inout State) {
    if state.entries.count >= entries {
      state.entries.removeFirst()
      state.open = state.open.compactMapValues { $0 > 0 ? $0 - 1 : nil }
    }
    state.entries.append(entry)
  }
}
