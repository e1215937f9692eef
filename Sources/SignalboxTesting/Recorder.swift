public import Signalbox

/// An exporter that keeps what it is given, for tests to look at.
public actor Recorder: Exporter {
  public nonisolated let name: String
  public nonisolated let batching: Batching
  /// Every batch, in order.
  public private(set) var batches: [ExportBatch] = []
  private var isHeld = false
  private var held: [Int: CheckedContinuation<Void, Never>] = [:]
  private var tickets = 0
  private var waiting: [(count: Int, CheckedContinuation<Void, Never>)] = []
  private var refusal: (@Sendable (ExportBatch) throws(ExportError) -> [ExportRejection])?

  public init(name: String = "recorder", batching: Batching = Batching(interval: .milliseconds(1))) {
    self.name = name
    self.batching = batching
  }

  public var events: [Event] { batches.flatMap(\.events) }

  /// Returns once so many events have come.
  public func wait(for count: Int) async {
    guard events.count < count else { return }
    await withCheckedContinuation { waiting.append((count, $0)) }
  }

  /// Makes `write` wait until `release`, or until it is cancelled, as an exporter does whose server is away.
  public func hold() { isHeld = true }

  /// Lets held batches through from now on.
  public func release() {
    isHeld = false
    for continuation in held.values { continuation.resume() }
    held = [:]
  }

  /// Waits until `release`; throws when the batch is given up before.
  private func wait() async throws(ExportError) {
    let ticket = tickets
    tickets += 1
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { continuation.resume() } else { held[ticket] = continuation }
      }
    } onCancel: {
      Task { await self.letGo(ticket) }
    }
    if Task.isCancelled { throw ExportError("given up while it was held") }
  }

  private func letGo(_ ticket: Int) { held.removeValue(forKey: ticket)?.resume() }

  /// Decides what becomes of the batches from now on.
  public func answer(_ answer: @escaping @Sendable (ExportBatch) throws(ExportError) -> [ExportRejection]) {
    refusal = answer
  }

  public func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection] {
    batches.append(batch)
    let count = events.count
    for (_, continuation) in waiting.filter({ $0.count <= count }) { continuation.resume() }
    waiting.removeAll { $0.count <= count }
    if isHeld { try await wait() }
    return try refusal?(batch) ?? []
  }
}
