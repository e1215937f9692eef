import JSONScan
import Signalbox

@testable import SignalboxLLM

/// A provider on the loopback that answers what the test says, and remembers what it was asked.
final class ChatServer: Sendable {
  private let server: RawServer
  private let received = Locked<[String]>([])
  /// Told when a connection that was serving has been closed by the client.
  let closings: AsyncStream<Void>

  /// `serve` answers one request; the connection stays open when it returns true.
  init(_ serve: @escaping @Sendable (Connection, _ request: String, _ number: Int) -> Bool) {
    let (closings, told) = AsyncStream.makeStream(of: Void.self)
    self.closings = closings
    let received = received
    server = RawServer { connection in
      while let request = connection.readRequest() {
        let number = received.withLock { all in
          all.append(request)
          return all.count
        }
        guard serve(connection, request, number) else { break }
      }
      told.yield()
    }
  }

  deinit { server.stop() }

  /// Answers every request with these events.
  convenience init(events: [String]) {
    self.init { connection, _, _ in
      connection.send(Self.head + Self.chunked(events.map(Self.event)) + "0\r\n\r\n")
      return true
    }
  }

  var url: String { server.url + "/v1" }
  /// Whole requests, head and body.
  var requests: [String] { received.withLock { $0 } }
  var connectionCount: Int { server.connectionCount }

  /// Returns when the client has closed the connection.
  func waitForClosing() async { for await _ in closings { break } }

  /// A client of this server, which is told to the recorder.
  func client(_ emitter: Emitter = Emitter(), key: String? = "sk-test-0123456789") -> LLMClient {
    LLMClient(
      .compatible(name: "test", url: url, key: key), emitter: emitter, environment: ProcessEnvironment([:]))
  }

  // MARK: What to say

  static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

  static func event(_ data: String) -> String { "data: \(data)\n\n" }

  static func chunked(_ pieces: [String]) -> String {
    pieces.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined()
  }

  static func text(_ text: String) -> String {
    #"{"id":"c1","model":"m-1","choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#
  }

  static let stop = #"{"id":"c1","model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
  static let usage =
    #"{"id":"c1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#
  static let greeting = [text("Good "), text("mor"), text("ning"), stop, usage, "[DONE]"]

  static func plain(_ status: String, _ body: String, headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\n\(headers)content-length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}
