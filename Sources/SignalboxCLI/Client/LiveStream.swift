import Fetch
import Wire

/// Reads `GET /v1/live` as server-sent events, and comes back where it was when the connection breaks.
struct LiveStream {
  enum Item {
    /// What was sent, as JSON, and the position it has been read up to.
    case message(SharedBytes)
    /// History before here is gone: what follows is not the whole.
    case reset(String)
    case reconnecting(String)
  }

  private let client: ServerClient
  private let query: Query
  /// Where to begin: `after` a position, or `from` the start.
  private var start: (name: String, value: String)?
  private var position: String?
  private var failures = 0

  /// The server says something every 10 s.
  private static let timeouts = FetchTimeouts(
    connect: .seconds(5), firstByte: .seconds(30), idle: .seconds(30))

  init(_ client: ServerClient, query: Query, start: (name: String, value: String)?) {
    self.client = client
    self.query = query
    self.start = start
  }

  /// Calls the closure with what comes, until the task is cancelled or the server refuses. Items that came
  /// together are handed over together.
  @MainActor
  mutating func run(_ handle: ([Item]) throws -> Void) async throws {
    while true {
      var reason = "the server closed the connection"
      do {
        try await connect(handle)
        failures = 0
      } catch let failure as Failure {
        // The first time it is the answer; later the server may just be restarting.
        if position == nil || failure.code == Self.refused { throw failure }
        reason = failure.message
      } catch let error as FetchError {
        if error.code == .cancelled { throw CancellationError() }
        reason = error.message
      }
      try Task.checkCancellation()
      try handle([.reconnecting(reason)])
      failures += 1
      try await Task.sleep(for: .milliseconds(min(10_000, 250 << min(failures, 6))))
    }
  }

  private static let refused: Int32 = 3

  @MainActor
  private mutating func connect(_ handle: ([Item]) throws -> Void) async throws {
    var query = query
    var headers = [FetchHeader("Accept", "text/event-stream")]
    if let position {
      // With this header a trimmed history is told as an event, not as a refusal.
      headers.append(FetchHeader("Last-Event-ID", position))
    } else if let start {
      query.add(start.name, start.value)
    }
    let response = try await client.send(
      "GET", "/v1/live" + query.text, headers: headers, timeouts: Self.timeouts)
    guard response.status == 200 else {
      let body = SharedBytes(try await response.body.collect(limit: 1 << 20))
      var failure = client.refusal(response.status, body)
      if (400..<500).contains(response.status) {
        failure = Failure(message: failure.message, fix: failure.fix, code: Self.refused)
      }
      throw failure
    }
    failures = 0
    var decoder = SSEDecoder(limit: 16 << 20)
    for try await piece in response.body {
      var items: [Item] = []
      var last = position
      try piece.withUnsafeBytes { bytes in
        try decoder.feed(bytes) { event in
          if event.id.count > 0 { last = String(decoding: event.id, as: UTF8.self) }
          items.append(
            event.type.elementsEqual("reset")
              ? .reset(String(decoding: event.data, as: UTF8.self))
              : .message(SharedBytes(copying: event.data)))
        }
      }
      position = last
      if !items.isEmpty { try handle(items) }
    }
  }
}
