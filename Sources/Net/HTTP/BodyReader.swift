import Wire

/// Gathers or skips the body of one request.
final class BodyReader {
  enum Step {
    case needMore
    /// The body ended; `taken` bytes of the window belonged to it.
    case whole(UnsafeRawBufferPointer, taken: Int)
    case error(HTTPError)
  }

  /// An empty body with readable bytes behind it; never freed, never written.
  nonisolated(unsafe) static let nothing: UnsafeRawBufferPointer = {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: LoopShared.padding, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: LoopShared.padding)
    return UnsafeRawBufferPointer(start: memory, count: 0)
  }()

  private let limit: Int
  private let keeps: Bool
  private var chunks: HTTPChunkedDecoder?
  /// Bytes missing of a body with a length.
  private var missing = 0
  private var size = 0
  private var gathered: PaddedBuffer?

  init(_ body: HTTPRequestHead.Body, limit: Int, keeps: Bool = true) {
    self.limit = limit
    self.keeps = keeps
    switch body {
    case .none: missing = 0
    case .length(let count): missing = count
    case .chunked: chunks = HTTPChunkedDecoder()
    }
  }

  static func tooLarge(_ limit: Int) -> HTTPError {
    HTTPError(413, "The body is longer than \(limit) bytes.")
  }

  /// A reader for the rest that keeps nothing; nil when the rest may be longer than `limit`.
  func discarding(limit: Int) -> BodyReader? {
    guard chunks != nil || missing <= limit else { return nil }
    let rest = BodyReader(.length(missing), limit: limit, keeps: false)
    rest.chunks = chunks
    return rest
  }

  func take(_ window: UnsafeRawBufferPointer) -> Step {
    guard chunks == nil else { return takeChunks(window) }
    let count = min(missing, window.count)
    let part = UnsafeRawBufferPointer(rebasing: window[..<count])
    missing -= count
    if missing == 0, gathered == nil {
      // All in one piece, in memory that is padded: no copy.
      return .whole(count == 0 ? BodyReader.nothing : part, taken: count)
    }
    keep(part)
    return missing == 0 ? .whole(result, taken: count) : .needMore
  }

  private func takeChunks(_ window: UnsafeRawBufferPointer) -> Step {
    var at = 0
    while true {
      switch chunks!.next(window, from: at) {
      case .needMore: return .needMore
      case .data(let range, let upTo):
        size += range.count
        guard size <= limit else { return .error(BodyReader.tooLarge(limit)) }
        keep(UnsafeRawBufferPointer(rebasing: window[range]))
        at = upTo
      case .end(let upTo): return .whole(result, taken: upTo)
      case .error(let error): return .error(error)
      }
    }
  }

  private func keep(_ part: UnsafeRawBufferPointer) {
    guard keeps, part.count > 0 else { return }
    // What is announced is believed up to a point; memory that is never written costs nothing.
    if gathered == nil { gathered = PaddedBuffer(capacity: min(part.count + missing, 1 << 20)) }
    gathered!.append(part)
  }

  private var result: UnsafeRawBufferPointer {
    gathered.map { UnsafeRawBufferPointer($0.bytes) } ?? BodyReader.nothing
  }
}
