public import Signalbox
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Sends events to a Signalbox server: `POST /v1/events`, batches as NDJSON, compressed when they are large.
///
/// A batch is tried again until it arrives: after 0.2 s, twice that, up to 30 s, with jitter, or after the
/// time that the server asks for; three failures in a row open a circuit breaker for 30 s. Meanwhile events
/// wait in the emitter's bounded buffer. Each event carries its producer and number, so trying again stores
/// nothing twice. What the server refuses for good is counted as dropped and reported to the emitter's
/// `onProblem`.
public final class HTTPExporter: Exporter {
  /// Where it sends to, and how it bears with a server that does not answer.
  public struct Configuration: Sendable {
    /// Where the server is. Default: `SIGNALBOX_URL`, else `http://127.0.0.1:7446`.
    public var url: String
    /// A key with the scope `ingest`. Default: `SIGNALBOX_KEY`, else none.
    public var key: String?
    /// Default 100 events or 0.5 s.
    public var batching = Batching()
    /// Compresses bodies above this size in bytes; `nil` never. Default 4096.
    public var compressAbove: Int? = 4096
    /// How long one attempt may take. Default 10 s.
    public var timeout: Duration = .seconds(10)
    public var clock: any EventClock = SystemEventClock()
    /// How often the server is asked, while traces that were sent to it run and nothing is sent, whether somebody
    /// cancelled them. Default 2 s; `nil` never: then only answers to events tell.
    public var cancelInterval: Duration? = .seconds(2)

    public init(url: String? = nil, key: String? = nil) {
      self.url = url ?? environment("SIGNALBOX_URL") ?? "http://127.0.0.1:7446"
      self.key = key ?? environment("SIGNALBOX_KEY")
    }
  }

  public let name = "signalbox"
  public var batching: Batching { configuration.batching }
  private let configuration: Configuration
  private let client: FetchClient
  private let schedule = Locked(RetrySchedule())
  private let listener = Locked(CancelListener())

  /// Nothing is sent, and no connection made, before the first batch.
  public convenience init(_ configuration: Configuration = .init()) {
    self.init(configuration, client: .shared)
  }

  init(_ configuration: Configuration, client: FetchClient) {
    self.configuration = configuration
    self.client = client
  }

  /// What one attempt came to.
  private enum Outcome {
    case stored([ExportRejection])
    case retry(after: Duration?)
    /// The server said no.
    case refused(String)
    /// It was not asked, or its answer was not taken.
    case abandoned(String)
  }

  public func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection] {
    let (request, places, invalid) = request(for: batch)
    guard !places.isEmpty else { return invalid }
    while true {
      let permit = try await admission()
      let outcome = await attempt(request)
      let now = configuration.clock.steady()
      switch outcome {
      case .stored(let rejections):
        schedule.withLock { $0.succeeded(permit, at: now) }
        listen(batch)
        // The server counts the lines that it was sent.
        return invalid
          + rejections.filter { places.indices.contains($0.index) }.map {
            ExportRejection(index: places[$0.index], field: $0.field, reason: $0.reason)
          }
      case .refused(let reason):
        // An answer, if not the wanted one: the server is there.
        schedule.withLock { $0.succeeded(permit, at: now) }
        throw ExportError(reason)
      case .abandoned(let reason):
        schedule.withLock { $0.abandoned(permit, at: now) }
        throw ExportError(reason)
      case .retry(let after):
        try await sleep(
          for: schedule.withLock {
            $0.failed(permit, at: now, random: .random(in: 0...1), retryAfter: after)
          })
      }
    }
  }

  /// Waits until an attempt may be made.
  private func admission() async throws(ExportError) -> CircuitBreaker.Permit {
    while true {
      switch schedule.withLock({ $0.begin(at: configuration.clock.steady()) }) {
      case .admitted(let permit): return permit
      case .refused(let wait): try await sleep(for: wait)
      }
    }
  }

  private func sleep(for wait: Duration) async throws(ExportError) {
    do { try await configuration.clock.sleep(for: wait) } catch {
      throw ExportError("\(authority) could not be reached before the end")
    }
  }

  /// Stops listening for traces that somebody cancels at the server; what was sent stays sent.
  public func close() async { listener.withLock { $0.close() } }

  // MARK: Cancelled traces

  /// Has the server asked now and then, as long as a trace of the batch runs in this process.
  private func listen(_ batch: ExportBatch) {
    guard let interval = configuration.cancelInterval else { return }
    let traces = Cancellation.running(of: Set(batch.events.compactMap(\.context.trace)))
    guard listener.withLock({ $0.sent(traces, producer: batch.producer) }) else { return }
    let clock = configuration.clock
    Task.detached { [weak self] in
      repeat {
        do { try await clock.sleep(for: interval) } catch { return }
      } while await self?.ask() == true
    }
  }

  /// Asks once, unless something was sent since the last time; false when there is nothing more to ask for.
  private func ask() async -> Bool {
    // Not under the lock: the registry of running traces has one of its own.
    let traces = listener.withLock { $0.traces }
    let running = Cancellation.running(of: traces)
    switch listener.withLock({ $0.next(running: running, of: traces) }) {
    case .end: return false
    case .skip: return true
    case .ask(let producer):
      var headers = [
        FetchHeader("Content-Type", "application/json"), FetchHeader("x-signalbox-producer", producer),
      ]
      if let key = configuration.key { headers.append(FetchHeader("Authorization", "Bearer \(key)")) }
      // Whether it arrives does not matter: the next one asks again.
      _ = await attempt(
        FetchRequest(
          "POST", endpoint, headers: headers, body: SharedBytes("[]".utf8),
          timeouts: FetchTimeouts(connect: .seconds(5), total: configuration.timeout)))
      return true
    }
  }

  private var endpoint: String {
    (configuration.url.hasSuffix("/") ? String(configuration.url.dropLast()) : configuration.url)
      + "/v1/events"
  }

  private var authority: String { FetchRequest.authority(of: configuration.url) }

  // MARK: The request

  /// The request for the valid events of a batch, their places in it, and what is wrong with the others.
  private func request(for batch: ExportBatch) -> (FetchRequest, [Int], [ExportRejection]) {
    var lines = ByteWriter(capacity: batch.events.count * 400)
    var places: [Int] = []
    var invalid: [ExportRejection] = []
    for (place, event) in batch.events.enumerated() {
      do throws(EventError) { try event.validate() } catch {
        invalid.append(ExportRejection(index: place, field: error.field, reason: error.message))
        continue
      }
      event.write(to: &lines, producer: batch.producer, seq: batch.firstSequence + Int64(place))
      lines.append(UInt8(ascii: "\n"))
      places.append(place)
    }
    var headers = [FetchHeader("Content-Type", "application/x-ndjson")]
    if let key = configuration.key { headers.append(FetchHeader("Authorization", "Bearer \(key)")) }
    var body: SharedBytes
    if let limit = configuration.compressAbove, lines.count > limit, let small = gzip(lines.raw) {
      headers.append(FetchHeader("Content-Encoding", "gzip"))
      body = small
    } else {
      body = SharedBytes(taking: lines)
    }
    let request = FetchRequest(
      "POST", endpoint, headers: headers, body: body,
      timeouts: FetchTimeouts(connect: .seconds(5), total: configuration.timeout))
    return (request, places, invalid)
  }

  // MARK: The answer

  private func attempt(_ request: FetchRequest) async -> Outcome {
    do throws(FetchError) {
      let response = try await client.send(request)
      let body = try await response.body.collect(limit: 1 << 20)
      switch response.status {
      case 200..<300:
        let answer = IngestAnswer(body)
        for trace in answer.cancelled { Cancellation.cancel(trace: trace) }
        return .stored(answer.rejected)
      case 408, 429, 500..<600:
        let seconds = response.header("retry-after").flatMap { Int64($0) }
        return .retry(after: seconds.map { .seconds(min(max($0, 0), 86_400)) })
      default:
        return .refused(
          "\(authority) answered \(response.status): \(IngestAnswer(body).error ?? "no reason given")")
      }
    } catch {
      return error.isRetryable ? .retry(after: nil) : .abandoned(error.message)
    }
  }
}

private func environment(_ name: String) -> String? {
  guard let value = getenv(name), value[0] != 0 else { return nil }
  return String(cString: value)
}
