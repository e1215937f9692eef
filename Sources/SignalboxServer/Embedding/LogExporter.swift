internal import JSONScan
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// Stores events in the log of a server in the same process. What the log does not take at the moment is tried again;
/// meanwhile events wait in the emitter's bounded buffer.
struct LogExporter: Exporter {
  let name = "log"
  /// At once when idle; what comes in during a commit goes with the next.
  let batching = Batching(events: 500, bytes: 1 << 20, interval: .zero)
  private let log: EventLog

  init(_ log: EventLog) { self.log = log }

  func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection] {
    var places: [Int] = []
    var rejections: [ExportRejection] = []
    var lines = ByteWriter(capacity: batch.events.count * 400 + JSONParser.padding)
    for (place, event) in batch.events.enumerated() {
      do throws(EventError) { try event.validate() } catch {
        rejections.append(ExportRejection(index: place, field: error.field, reason: error.message))
        continue
      }
      event.write(to: &lines, producer: batch.producer, seq: batch.firstSequence + Int64(place))
      lines.append(UInt8(ascii: "\n"))
      places.append(place)
    }
    lines.reserve(JSONParser.padding)
    let decoded: Decoded
    do throws(IngestError) {
      decoded = try EventDecoder().decode(padded: lines.raw, received: .now(), lines: true)
    } catch { throw ExportError(error.message) }
    for rejection in decoded.rejections where places.indices.contains(rejection.index) {
      rejections.append(
        ExportRejection(index: places[rejection.index], field: rejection.field, reason: rejection.message))
    }
    if decoded.batch.count > 0 { try await store(decoded.batch) }
    return rejections
  }

  /// Returns when the batch is stored; a batch is not given up but for the end of the server or of the task.
  private func store(_ batch: EventBatch) async throws(ExportError) {
    while true {
      let failure = await submit(batch)
      guard let failure else { return }
      if failure.isFinal { throw ExportError(failure.message) }
      do { try await Task.sleep(for: failure.wait) } catch {
        throw ExportError("not stored before the end: \(failure.message)")
      }
    }
  }

  private struct Failure: Sendable {
    var message: String
    var wait = Duration.milliseconds(50)
    var isFinal = false
  }

  private func submit(_ batch: EventBatch) async -> Failure? {
    await withCheckedContinuation { continuation in
      let admission = log.submit(batch) { result in
        continuation.resume(
          returning: result.failure.map {
            Failure(message: $0.message, wait: .seconds(min(max($0.retryAfter, 1), 5)))
          })
      }
      switch admission {
      case .accepted: break
      case .overloaded:
        continuation.resume(returning: Failure(message: "more events are coming in than can be stored"))
      case .unavailable(let seconds, let message):
        continuation.resume(returning: Failure(message: message, wait: .seconds(min(max(seconds, 1), 5))))
      case .closed: continuation.resume(returning: Failure(message: "the server has stopped", isFinal: true))
      }
    }
  }
}
