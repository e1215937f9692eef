/// Puts the pieces of streamed answers in order, by correlation id and index, and says what is missing.
///
/// A piece without an index is taken to follow the last one that came. Repeated pieces change nothing. Bounded in
/// requests and in bytes; what is over a bound is refused and counted.
public struct DeltaAssembler: Sendable {
  /// What has come of one request.
  public struct Answer: Sendable, Hashable {
    /// The pieces from the first on, without a gap.
    public var text = ""
    /// Indices that are missing before the last one that came.
    public var missing: [Range<Int>] = []
    /// The last piece came, and nothing is missing.
    public var isComplete = false
  }

  fileprivate struct Run: Sendable {
    var text = ""
    var next = 0
    /// Pieces that came too early.
    var early: [Int: String] = [:]
    var bytes = 0
    var end: Int?
  }

  private var runs: [String: Run] = [:]
  private var order = RingQueue<String>()
  private let requestLimit: Int
  private let byteLimit: Int
  /// Pieces that were refused, because they were over a bound.
  public private(set) var refused = 0

  /// - Parameters:
  ///   - requests: requests that are remembered, the oldest is forgotten first. Default 1000.
  ///   - bytes: most bytes of one request. Default 16 MiB.
  public init(requests: Int = 1000, bytes: Int = 16 << 20) {
    requestLimit = max(requests, 1)
    byteLimit = bytes
  }

  /// Takes a piece, and returns what there is of its request now.
  @discardableResult
  public mutating func add(_ note: StreamChunkNote) -> Answer {
    add(
      note.delta.string ?? note.delta.description, index: note.index, isDone: note.isDone,
      of: note.correlationID)
  }

  /// Takes a piece of the request of that correlation id.
  @discardableResult
  public mutating func add(_ text: String, index: Int?, isDone: Bool = false, of correlationID: String)
    -> Answer
  {
    if runs[correlationID] == nil {
      order.append(correlationID)
      while order.count > requestLimit, let oldest = order.popFirst() { runs[oldest] = nil }
    }
    var run = runs.removeValue(forKey: correlationID) ?? Run()
    let place = index ?? (run.early.keys.max() ?? run.next - 1) + 1
    if place >= run.next, run.early[place] == nil {
      if run.bytes + text.utf8.count <= byteLimit, run.early.count < 10_000 {
        run.bytes += text.utf8.count
        run.early[place] = text
        while let piece = run.early.removeValue(forKey: run.next) {
          run.text += piece
          run.next += 1
        }
      } else {
        refused += 1
      }
    }
    if isDone { run.end = max(run.end ?? 0, place + 1) }
    let answer = run.answer
    runs[correlationID] = run
    return answer
  }

  /// The stream of the request ended: says what there is of it, and forgets it.
  public mutating func finish(_ correlationID: String) -> Answer? {
    guard var run = runs.removeValue(forKey: correlationID) else { return nil }
    if run.end == nil { run.end = (run.early.keys.max() ?? run.next - 1) + 1 }
    return run.answer
  }
}

extension DeltaAssembler.Run {
  fileprivate var answer: DeltaAssembler.Answer {
    var answer = DeltaAssembler.Answer(text: text)
    var from = next
    for place in early.keys.sorted() {
      if place > from { answer.missing.append(from..<place) }
      from = place + 1
    }
    if let end, end > from { answer.missing.append(from..<end) }
    answer.isComplete = end != nil && answer.missing.isEmpty
    return answer
  }
}
