import Signalbox

/// Joins a transfer, which pushes on its thread, to a reader, who pulls in a task.
final class FetchExchange: FetchHandler, Sendable {
  struct Head: Sendable {
    let status: Int
    let headers: [FetchHeader]
  }

  typealias HeadResult = Result<Head, FetchError>
  typealias PieceResult = Result<[UInt8]?, FetchError>

  fileprivate struct State {
    var head: Head?
    var bytes: [UInt8] = []
    /// Set once at the end; the error is nil after success.
    var end: FetchError??
    var isPaused = false
    var task: FetchTask?
    var headReader: CheckedContinuation<HeadResult, Never>?
    var pieceReader: CheckedContinuation<PieceResult, Never>?
  }

  /// Bytes that may wait before the connection stops reading.
  private static let bound = 256 * 1024

  private let state = Locked(State())

  func bind(_ task: FetchTask) { state.withLock { $0.task = task } }

  // MARK: The transfer's side

  func fetch(_ transfer: FetchTransfer, head: FetchHead) {
    var headers: [FetchHeader] = []
    head.forEachHeader { name, value in
      headers.append(
        FetchHeader(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }
    let head = Head(status: head.status, headers: headers)
    let reader = state.withLock { state in
      state.head = head
      return state.headReader.take()
    }
    reader?.resume(returning: .success(head))
  }

  func fetch(_ transfer: FetchTransfer, body: UnsafeRawBufferPointer) -> FetchFlow {
    state.withLock { state in
      state.bytes.append(contentsOf: body)
      state.isPaused = state.bytes.count >= Self.bound
      return state.isPaused ? .pause : .proceed
    }
  }

  /// Wakes the reader once for all pieces of one wake-up.
  func fetchTurnEnded(_ transfer: FetchTransfer) {
    var resumed: FetchTask?
    let ready: (CheckedContinuation<PieceResult, Never>, [UInt8])? = state.withLock { state in
      guard !state.bytes.isEmpty, let reader = state.pieceReader.take() else { return nil }
      resumed = state.takeResumption()
      return (reader, state.takeBytes())
    }
    resumed?.resume()
    if let (reader, bytes) = ready { reader.resume(returning: .success(bytes)) }
  }

  func fetch(_ transfer: FetchTransfer, ended: FetchEnd) { finish(ended.error) }

  private func finish(_ error: FetchError?) {
    var headReader: CheckedContinuation<HeadResult, Never>?
    // Whoever waits for a piece has been given all that came before.
    var pieceReader: CheckedContinuation<PieceResult, Never>?
    state.withLock { state in
      guard state.end == nil else { return }
      state.end = .some(error)
      headReader = state.headReader.take()
      pieceReader = state.pieceReader.take()
    }
    // Success without a head cannot be: libcurl reports it as an error.
    headReader?.resume(returning: .failure(error ?? .cancelled))
    pieceReader?.resume(returning: Self.last(error))
  }

  // MARK: The reader's side

  func head() async throws(FetchError) -> Head {
    let result: HeadResult = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready: HeadResult? = state.withLock { state in
          if let head = state.head { return .success(head) }
          if let end = state.end { return .failure(end ?? .cancelled) }
          state.headReader = continuation
          return nil
        }
        if let ready { continuation.resume(returning: ready) }
      }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }

  /// All that has come since the last call; waits when that is nothing; nil at the end.
  func next() async throws(FetchError) -> [UInt8]? {
    let result: PieceResult = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        var resumed: FetchTask?
        let ready: PieceResult? = state.withLock { state in
          if !state.bytes.isEmpty {
            resumed = state.takeResumption()
            return .success(state.takeBytes())
          }
          if let end = state.end { return Self.last(end) }
          precondition(state.pieceReader == nil, "a body has one reader")
          state.pieceReader = continuation
          return nil
        }
        resumed?.resume()
        if let ready { continuation.resume(returning: ready) }
      }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }

  /// Ends the transfer and whoever waits for it; harmless when it is over.
  func cancel() {
    let task = state.withLock { $0.task }
    task?.cancel()
    finish(.cancelled)
  }

  private static func last(_ error: FetchError?) -> PieceResult {
    if let error { .failure(error) } else { .success(nil) }
  }
}

extension FetchExchange.State {
  fileprivate mutating func takeBytes() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// The task to resume, when it was paused for a full buffer.
  fileprivate mutating func takeResumption() -> FetchTask? {
    guard isPaused else { return nil }
    isPaused = false
    return task
  }
}
