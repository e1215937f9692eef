/// HTTP requests for `async` code, on a `FetchThread`.
package struct FetchClient: Sendable {
  package static let shared = FetchClient(thread: .shared)

  private let thread: FetchThread

  package init(thread: FetchThread) { self.thread = thread }

  /// Sends a request and waits for the response's head; the body is pulled from `FetchResponse.body`.
  /// Cancelling the task cancels the transfer.
  package func send(
    _ request: FetchRequest, started: @Sendable (@escaping @Sendable () -> Void) -> Void = { _ in }
  ) async throws(FetchError) -> FetchResponse {
    let exchange = FetchExchange()
    let lease = FetchLease(exchange: exchange, task: thread.start(request, handler: exchange))
    exchange.bind(lease.task)
    started { exchange.cancel() }
    let head = try await exchange.head()
    return FetchResponse(status: head.status, headers: head.headers, body: FetchBody(lease: lease))
  }
}

/// A response whose head has come; the body comes as it is pulled.
package struct FetchResponse: Sendable {
  package let status: Int
  package let headers: [FetchHeader]
  package let body: FetchBody

  /// The first header of this name, compared without regard to case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

/// A body as a sequence of pieces, pulled by one reader. At most about 256 KiB wait; then the connection
/// stops reading. Dropping it unread cancels the transfer.
package struct FetchBody: AsyncSequence, Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = FetchError

  fileprivate let lease: FetchLease

  package func makeAsyncIterator() -> Iterator { Iterator(lease: lease) }

  package struct Iterator: AsyncIteratorProtocol {
    fileprivate let lease: FetchLease

    package mutating func next() async throws(FetchError) -> [UInt8]? {
      try await lease.exchange.next()
    }

    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(FetchError) -> [UInt8]? {
      try await lease.exchange.next()
    }
  }

  /// The whole body; throws `tooLarge` beyond `limit` bytes.
  package func collect(limit: Int) async throws(FetchError) -> [UInt8] {
    var all: [UInt8] = []
    while let piece = try await lease.exchange.next() {
      guard all.count + piece.count <= limit else {
        lease.task.cancel()
        throw FetchError(.tooLarge, "the response is larger than \(limit) bytes")
      }
      all.append(contentsOf: piece)
    }
    return all
  }
}

/// Cancels the transfer when nobody can read it any more.
final class FetchLease: Sendable {
  let exchange: FetchExchange
  let task: FetchTask

  init(exchange: FetchExchange, task: FetchTask) {
    self.exchange = exchange
    self.task = task
  }

  deinit { task.cancel() }
}
