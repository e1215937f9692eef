/// The text of a span as its deltas bring it, of which the head and the tail are kept.
struct StreamedText: Sendable {
  /// Bytes kept at most; what lies in the middle goes first.
  static let limit = 16_384

  private var pieces: [(index: Int, text: String)] = []
  private var bytes = 0
  private var cut = false

  var isEmpty: Bool { pieces.isEmpty }

  /// Everything that is kept, in order, with `…` where the middle is missing.
  var text: String {
    guard cut else { return pieces.reduce(into: "") { $0 += $1.text } }
    let half = pieces.count / 2
    return pieces[..<half].reduce(into: "") { $0 += $1.text } + " … "
      + pieces[half...].reduce(into: "") { $0 += $1.text }
  }

  mutating func append(_ text: String, index: Int) {
    pieces.append((index, text))
    bytes += text.utf8.count
    if bytes > Self.limit { trim() }
  }

  /// Takes back the deltas from an index on: they were sent again, or never meant.
  mutating func discard(from index: Int) {
    pieces.removeAll { $0.index >= index }
    bytes = pieces.reduce(0) { $0 + $1.text.utf8.count }
  }

  /// Drops the middle half.
  private mutating func trim() {
    let quarter = pieces.count / 4
    guard quarter > 0 else {
      pieces = pieces.suffix(1).map { ($0.index, String($0.text.suffix(Self.limit / 4))) }
      bytes = pieces[0].text.utf8.count
      cut = false
      return
    }
    pieces.removeSubrange(quarter..<(pieces.count - quarter))
    bytes = pieces.reduce(0) { $0 + $1.text.utf8.count }
    cut = true
  }
}
