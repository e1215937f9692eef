import Net
import Wire

/// A service made of closures.
final class ClosureService: HTTPService {
  var planning: (HTTPExchange) -> BodyPlan = { _ in .collect(limit: 1 << 20) }
  var serving: (HTTPExchange, UnsafeRawBufferPointer) -> Void = { exchange, body in
    exchange.respond(200, headers: [("Content-Type", "text/plain")], body: body)
  }

  func plan(_ exchange: HTTPExchange) -> BodyPlan { planning(exchange) }
  func serve(_ exchange: HTTPExchange, body: UnsafeRawBufferPointer) { serving(exchange, body) }
}

/// A server on a free port for the length of a test.
func withServer(
  loops count: Int = 1, limits: HTTPServerLimits = HTTPServerLimits(),
  _ configure: @escaping @Sendable (ClosureService) -> Void = { _ in },
  _ body: (HTTPServer, Int) throws -> Void
) throws {
  let loops = try (0..<count).map { try EventLoop(name: "test-\($0)") }
  let server = HTTPServer(loops: loops, limits: limits) { _ in
    let service = ClosureService()
    configure(service)
    return service
  }
  for loop in loops { loop.start() }
  defer { for loop in loops { loop.stop() } }
  let (_, port) = try server.start(host: "127.0.0.1", port: 0)
  try body(server, port)
}

/// The same for a test that awaits something.
func withRunningServer<R>(
  _ configure: @escaping @Sendable (ClosureService) -> Void, _ body: (Int) async throws -> R
) async throws -> R {
  let loop = try EventLoop(name: "test")
  let server = HTTPServer(loops: [loop]) { _ in
    let service = ClosureService()
    configure(service)
    return service
  }
  loop.start()
  defer { loop.stop() }
  let (_, port) = try server.start(host: "127.0.0.1", port: 0)
  return try await body(port)
}

/// A POST with a body, as text.
func post(_ body: String, _ fields: String = "") -> String {
  "POST /x HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
