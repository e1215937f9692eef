internal import Wire

/// The texts that a span streams.
struct HeldSpan {
  /// The type of its deltas.
  var type: [UInt8]
  var texts = SpanRedactor()
}

/// The streams of the spans that run, as far as texts are held back in them; at most `limit` spans. What the changes
/// since `begin` replaced is kept, so that they can be taken back. Confined to the writer's thread.
struct StreamTable {
  private var spans: [[UInt8]: HeldSpan] = [:]
  /// The spans' ids in the order in which they came; some have ended.
  private var order: [[UInt8]] = []
  private var undo: [(id: [UInt8], span: HeldSpan?)] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  subscript(id: [UInt8]) -> HeldSpan? { spans[id] }

  var isEmpty: Bool { spans.isEmpty }

  mutating func begin() { undo.removeAll(keepingCapacity: true) }

  mutating func rollBack() {
    for (id, span) in undo.reversed() {
      spans[id] = span
      if span != nil { order.append(id) }
    }
    undo.removeAll()
  }

  /// Keeps the streams of a span, or forgets them; answers whether those of another had to go.
  mutating func set(_ id: [UInt8], _ span: HeldSpan?) -> Bool {
    let known = spans[id]
    undo.append((id, known))
    spans[id] = span
    guard known == nil, span != nil else { return false }
    order.append(id)
    if order.count > 2 * limit + 16 {
      var seen: Set<[UInt8]> = []
      order = order.filter { spans[$0] != nil && seen.insert($0).inserted }
    }
    guard spans.count > limit else { return false }
    var place = 0
    while place < order.count, spans[order[place]] == nil || order[place] == id { place += 1 }
    guard place < order.count else { return false }
    let oldest = order[place]
    order.removeFirst(place + 1)
    if !order.contains(id) { order.append(id) }
    undo.append((oldest, spans.removeValue(forKey: oldest)))
    return true
  }
}
