/// The texts that one span streams, each redacted across its deltas: what may be the beginning of something to redact
/// comes with a later delta, and what is left with one before the span's end. The rules are the same for an
/// application's values and for the bytes that a server stores.
package struct SpanRedactor: Sendable {
  /// One of the texts.
  package struct Key: Sendable, Hashable {
    package var channel: String
    package var choice: Int64
    package var tool: Int64?

    package init(channel: String? = nil, choice: Int64? = nil, tool: Int64? = nil) {
      self.channel = channel ?? "text"
      self.choice = choice ?? 0
      self.tool = tool
    }
  }

  private struct Stream: Sendable {
    var key: Key
    var redactor = StreamRedactor()
    /// The index of the delta in which the text that is held back began; -1: it has none.
    var since: Int64 = -1
  }

  /// Texts that are followed at once. Those of others are not shown.
  package static let limit = 64
  private static let channelLimit = 64

  private var streams: [Stream] = []

  package init() {}

  /// Whether anything is held back.
  package var holds: Bool { streams.contains { $0.redactor.held > 0 } }

  /// Takes the text of a delta and writes what is decided.
  ///
  /// - Parameters:
  ///   - index: the delta's; nil: it has none.
  ///   - expected: the index that follows the last delta's; nil: the span has ended.
  package mutating func feed(
    _ piece: UnsafeRawBufferPointer, of key: Key, index: Int64?, expected: Int64?, with set: RedactionSet,
    into out: inout ByteWriter, counts: inout RedactionCounts
  ) {
    let place = streams.firstIndex { $0.key == key } ?? streams.count
    // A piece whose neighbours are out already, or one too many texts at once, cannot be looked at in its place: what
    // was cut in two there would be shown in two.
    guard let expected, index ?? expected >= expected, place < Self.limit,
      key.channel.utf8.count <= Self.channelLimit
    else {
      if piece.count > 0 { out.append(RedactionSet.replacement) }
      return
    }
    if place == streams.count { streams.append(Stream(key: key)) }
    // Something between is missing, and may have been a part of a secret on both sides of it.
    if let index, index > expected, piece.count > 0 {
      streams[place].redactor.lose()
      out.append(RedactionSet.replacement)
    }
    streams[place].redactor.feed(piece, with: set, into: &out, counts: &counts)
    if streams[place].redactor.held <= piece.count { streams[place].since = index ?? -1 }
  }

  /// A restart makes void what was held back with the deltas from `first` on.
  package mutating func discard(from first: Int64, expected: Int64) {
    // Where nothing is discarded, a secret may go on.
    guard first < expected else { return }
    streams.removeAll { $0.since >= first || $0.redactor.held == 0 }
  }

  /// Hands out what is left of each text of which something is held back; nothing is held back any more.
  package mutating func finish(
    with set: RedactionSet, _ body: (Key, borrowing ByteWriter, RedactionCounts) -> Void
  ) {
    for var stream in streams where stream.redactor.held > 0 {
      var out = ByteWriter()
      var counts = RedactionCounts()
      stream.redactor.feed(
        UnsafeRawBufferPointer(start: nil, count: 0), with: set, isFinal: true, into: &out, counts: &counts)
      body(stream.key, out, counts)
    }
    streams = []
  }
}
