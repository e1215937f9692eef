/// Cuts texts that are longer than a number of bytes, between characters, and adds `original_bytes` to the metadata
/// of an event whose text was cut.
///
/// Concerns the text of a delta and every text of a whole or partial reply.
public struct Truncate: PipelineStage {
  private let limit: Int

  /// `bytes`: of UTF-8, for each text.
  public init(bytes: Int) { limit = max(0, bytes) }

  public var step: PipelineStep {
    let limit = limit
    return PipelineStep(
      name: "Truncate",
      work: .change { event, _ in
        guard let size = event.truncate(to: limit) else { return true }
        event.note("original_bytes", .int(Int64(size)))
        return true
      })
  }
}

extension StreamEvent {
  /// How many bytes its texts had; nil when none was too long.
  fileprivate mutating func truncate(to limit: Int) -> Int? {
    var size = TextSize(limit: limit)
    switch self {
    case .delta(var delta):
      guard delta.text.utf8.count > limit else { return nil }
      size.cut(&delta.text)
      self = .delta(delta)
    case .complete(var complete):
      size.cut(&complete.reply)
      guard size.isCut else { return nil }
      self = .complete(complete)
    case .error(var error):
      guard var partial = error.error.partial else { return nil }
      size.cut(&partial)
      guard size.isCut else { return nil }
      error.error.partial = partial
      self = .error(error)
    default: return nil
    }
    return size.bytes
  }
}

private struct TextSize {
  let limit: Int
  /// Of all texts, before they were cut.
  private(set) var bytes = 0
  private(set) var isCut = false

  init(limit: Int) { self.limit = limit }

  mutating func cut(_ text: inout String) {
    let size = text.utf8.count
    bytes += size
    guard size > limit else { return }
    isCut = true
    var end = text.utf8.index(text.startIndex, offsetBy: limit)
    // Back to where a character begins: its first byte is no continuation byte.
    while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
    text = String(text[..<end])
  }

  mutating func cut(_ reply: inout Reply) {
    cut(&reply.text)
    if var refusal = reply.refusal {
      cut(&refusal)
      reply.refusal = refusal
    }
    for place in reply.reasoning.indices { cut(&reply.reasoning[place].text) }
    for place in reply.toolCalls.indices { cut(&reply.toolCalls[place].arguments) }
    for place in reply.alternatives.indices { cut(&reply.alternatives[place]) }
  }
}
