internal import Net
internal import SignalboxLog
internal import Wire

/// `GET /v1/ingest`: a WebSocket that takes an event a frame.
///
/// The frames of one turn of the loop go to the log together, in their order. After each commit the producer
/// gets `{"control":"ack","received":…,"stored":…,"duplicate":…,"rejected":…,"position":…}`, all counted since
/// the socket was opened; a frame that is no event gets `{"control":"error",…}` and costs nothing else. While
/// the log takes no more, the socket is not read.
///
/// `@unchecked Sendable`: it lives on its loop; completions come back to it through `loop.execute`.
final class IngestSocket: WebSocketHandler, @unchecked Sendable {
  private let endpoint: IngestEndpoint
  private let loop: EventLoop
  /// Set right after the upgrade, let go when it is closed.
  var connection: WebSocketConnection?
  private var run: IngestRun?
  private var awaitsTurn = false
  private var waiting: EventBatch?
  private var frames: UInt64 = 0
  private var totals = (stored: 0, duplicate: 0, rejected: 0)

  init(endpoint: IngestEndpoint, loop: EventLoop) {
    self.endpoint = endpoint
    self.loop = loop
  }

  // MARK: Frames in

  func message(_ socket: WebSocketConnection, text payload: UnsafeRawBufferPointer) {
    let index = frames
    frames += 1
    var run = self.run.take() ?? IngestRun(capacity: max(4096, payload.count), received: .now())
    let rejected = run.rejections.count
    do throws(IngestError) {
      try endpoint.decoder.decode(padded: payload, into: &run)
      if run.rejections.count > rejected, let rejection = run.rejections.last {
        refuse(index, code: "invalid_event", field: rejection.field, rejection.message)
      }
    } catch {
      totals.rejected += 1
      endpoint.note(received: 1, rejected: 1)
      refuse(index, code: error.code, field: "", error.message)
    }
    let full = run.byteCount > 256 << 10
    self.run = consume run
    if full {
      submitRun()
    } else if !awaitsTurn {
      awaitsTurn = true
      endpoint.turns.add(self)
    }
  }

  /// The loop has handed out all that came in this turn.
  func endTurn() {
    awaitsTurn = false
    submitRun()
  }

  private func submitRun() {
    guard waiting == nil, let run = run.take() else { return }
    let decoded = run.finish()
    totals.rejected += decoded.rejected
    endpoint.note(received: decoded.batch.count + decoded.rejected, rejected: decoded.rejected)
    if decoded.batch.count > 0 { submit(decoded.batch) }
  }

  private func submit(_ batch: EventBatch) {
    let admission = endpoint.log.submit(batch) { [self] result in
      loop.enqueue { [self] in
        endpoint.note(result, of: batch)
        finished(result, cancel: endpoint.cancelled(for: batch))
      }
    }
    guard APIError(admission) != nil else { return }
    // Not read until there is room: the kernel's window slows the producer down.
    waiting = batch
    connection?.pauseReading()
    loop.timer(after: 50) { [weak self] in self?.retry() }
  }

  private func retry() {
    guard let batch = waiting else { return }
    waiting = nil
    submit(batch)
    guard waiting == nil else { return }
    submitRun()
    if waiting == nil { connection?.resumeReading() }
  }

  // MARK: Answers

  private func finished(_ result: SubmitResult, cancel: [String]) {
    if let failure = result.failure {
      refuse(frames, code: "not_stored", field: "", failure.message)
      // What was not stored was not acknowledged; the producer comes back and sends it again.
      connection?.close(.tryAgainLater, reason: "The log takes no events at the moment; come back")
      return
    }
    totals.stored += result.stored
    totals.duplicate += result.duplicates
    acknowledge(result.position, cancel: cancel)
  }

  private func acknowledge(_ position: Position?, cancel: [String]) {
    guard let connection, connection.queuedBytes < 64 << 10 else { return }
    var json = ByteWriter(capacity: 160)
    json.append("{\"control\":\"ack\",\"received\":")
    json.append(decimal: frames)
    json.append(",\"stored\":")
    json.append(decimal: totals.stored)
    json.append(",\"duplicate\":")
    json.append(decimal: totals.duplicate)
    json.append(",\"rejected\":")
    json.append(decimal: totals.rejected)
    if let position {
      json.append(",\"position\":\"")
      json.append(position)
      json.append("\"")
    }
    json.append(cancel: cancel)
    json.append("}")
    connection.send(text: json.raw)
  }

  private func refuse(_ index: UInt64, code: String, field: String, _ message: String) {
    // A producer that only sends garbage and reads nothing does not fill our memory with answers.
    guard let connection, connection.queuedBytes < 64 << 10 else { return }
    var json = ByteWriter(capacity: 160)
    json.append("{\"control\":\"error\",\"index\":")
    json.append(decimal: index)
    json.append(",\"code\":")
    json.append(jsonString: code)
    json.append(",\"field\":")
    json.append(jsonString: field)
    json.append(",\"error\":")
    json.append(jsonString: message)
    json.append("}")
    connection.send(text: json.raw)
  }

  func closed(_ socket: WebSocketConnection, code: WebSocketCloseCode) {
    submitRun()
    connection = nil
  }
}

/// The sockets of a loop that took frames in this turn; they submit at its end, so that frames which came
/// together are committed together. Confined to its loop.
final class IngestTurns {
  private var sockets: [IngestSocket] = []

  init(loop: EventLoop) {
    loop.afterIO { [weak self] in self?.end() }
  }

  func add(_ socket: IngestSocket) { sockets.append(socket) }

  private func end() {
    guard !sockets.isEmpty else { return }
    let ready = sockets
    sockets.removeAll(keepingCapacity: true)
    for socket in ready { socket.endTurn() }
  }
}
