import Foundation
import Glibc
import Net
import SignalboxLog
import Wire

@testable import SignalboxServer

/// Keeps the gateway's events; may be told to refuse them.
final class RecordingOutlet: EventOutlet {
  private struct State {
    var events: [RecordedEvent] = []
    var refuses = false
  }

  private let state = Guarded(State())

  var events: [RecordedEvent] { state.with { $0.events } }

  func refuse(_ refuses: Bool) { state.with { $0.refuses = refuses } }

  func submit(_ batch: EventBatch, failed: @escaping @Sendable () -> Void) -> Bool {
    var taken = false
    state.broadcast {
      guard !$0.refuses else { return }
      taken = true
      $0.events += batch.slots.map { RecordedEvent(json: Array(batch.event($0)), slot: $0) }
    }
    return taken
  }

  /// Waits, at most twenty seconds, until so many events of that type are there.
  func wait(for type: String, count: Int = 1) -> [RecordedEvent] {
    state.wait(milliseconds: 20_000) { state in
      state.events.count { $0.type == type } >= count ? state.events : nil
    } ?? events
  }
}

struct RecordedEvent: Sendable {
  let json: [UInt8]
  let slot: EventSlot

  var object: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(json))) as? [String: Any] ?? [:]
  }
  var type: String { object["type"] as? String ?? "" }
  var data: [String: Any] { object["data"] as? [String: Any] ?? [:] }
}

/// A service that is a gateway and nothing else.
private final class GatewayService: HTTPService {
  let gateway: Gateway
  init(_ gateway: Gateway) { self.gateway = gateway }

  func plan(_ exchange: HTTPExchange) -> BodyPlan {
    guard let route = gateway.route(exchange.head) else {
      exchange.respond(404)
      return .answered
    }
    return gateway.plan(exchange, route)
  }

  func serve(_ exchange: HTTPExchange, body: UnsafeRawBufferPointer) {
    _ = gateway.serve(exchange, body: body)
  }
}

/// Reads a gateway's figures from another thread.
struct MetricsProbe: Sendable {
  fileprivate let loop: EventLoop
  fileprivate let place: Guarded<GatewayBox?>

  /// The figures as they are now.
  var now: GatewayMetrics {
    let answer = Guarded<GatewayMetrics?>(nil)
    let box = place.wait { $0 }
    loop.execute {
      let metrics = box.gateway.metrics
      answer.signal { $0 = metrics }
    }
    return answer.wait { $0 }
  }

  /// Asks again until the figures are as wished, or the time is up.
  func wait(seconds: Double = 20, until isRight: (GatewayMetrics) -> Bool) -> GatewayMetrics {
    let end = SuspendingClock.now + .seconds(seconds)
    while SuspendingClock.now < end {
      let metrics = now
      if isRight(metrics) { return metrics }
      sched_yield()
    }
    return now
  }
}

/// `@unchecked Sendable`: used on the gateway's loop only.
final class GatewayBox: @unchecked Sendable {
  let gateway: Gateway
  init(_ gateway: Gateway) { self.gateway = gateway }
}

/// A gateway in front of `upstream` for the length of a test.
func withGateway(
  _ upstream: ScriptedUpstream, path: String = "",
  configure: @Sendable @escaping (inout GatewayConfiguration) -> Void = { _ in },
  _ body: (_ port: Int, _ outlet: RecordingOutlet, _ metrics: MetricsProbe) throws -> Void
) throws {
  defer { upstream.stop() }
  let loop = try EventLoop(name: "gateway")
  let outlet = RecordingOutlet()
  var made = GatewayConfiguration(
    upstreams: [try GatewayUpstream(name: "openai", url: upstream.url + path)])
  configure(&made)
  let configuration = made
  let place = Guarded<GatewayBox?>(nil)
  let server = HTTPServer(loops: [loop]) { loop in
    let gateway = Gateway(loop: loop, configuration: configuration, outlet: outlet)
    place.broadcast { $0 = GatewayBox(gateway) }
    return GatewayService(gateway)
  }
  loop.start()
  defer { loop.stop() }
  let port = try server.start(host: "127.0.0.1", port: 0).port
  try body(port, outlet, MetricsProbe(loop: loop, place: place))
}

/// A blocking client that sees every byte; gives up after ten seconds without one.
final class GatewayClient {
  let descriptor: Int32
  private var buffered: [UInt8] = []
  struct Failure: Error { let what: String }

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Failure(what: "connect: errno \(errno)") }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { disconnect() }

  private var isOpen = true
  func disconnect() {
    if isOpen { close(descriptor) }
    isOpen = false
  }

  func send(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Posts a chat completion.
  func post(_ body: String = chatRequest, path: String = "/openai/v1/chat/completions", headers: String = "")
  {
    send(
      "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Content-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  /// False at the end; throws when the connection was broken.
  private func fill() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &piece, piece.count, 0)
    guard count >= 0 else { throw Failure(what: "recv: errno \(errno)") }
    buffered += piece[..<count]
    return count > 0
  }

  func read(upTo end: String) throws -> String {
    let end = Array(end.utf8)
    var from = 0
    while true {
      if buffered.count >= end.count {
        for at in from...(buffered.count - end.count) where buffered[at..<at + end.count].elementsEqual(end) {
          defer { buffered.removeFirst(at + end.count) }
          return String(decoding: buffered[..<(at + end.count)], as: UTF8.self)
        }
        from = buffered.count - end.count + 1
      }
      guard try fill() else { throw Failure(what: "closed before \(end)") }
    }
  }

  func read(_ count: Int) throws -> [UInt8] {
    while buffered.count < count { guard try fill() else { throw Failure(what: "closed too early") } }
    defer { buffered.removeFirst(count) }
    return Array(buffered[..<count])
  }

  struct Answer {
    var head: String
    var body: [UInt8]
    var status: Int { Int(head.split(separator: " ")[1])! }
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// One answer, its body taken out of its framing. Throws when it is not whole.
  func answer(bodyless: Bool = false) throws -> Answer {
    let head = try read(upTo: "\r\n\r\n")
    if bodyless { return Answer(head: head, body: []) }
    let lower = head.lowercased()
    if let range = lower.firstRange(of: "content-length: ") {
      return Answer(head: head, body: try read(Int(lower[range.upperBound...].prefix { $0.isNumber })!))
    }
    var body: [UInt8] = []
    while true {
      let line = try read(upTo: "\r\n")
      guard let size = Int(line.filter(\.isHexDigit), radix: 16) else {
        throw Failure(what: "chunk size \(line)")
      }
      body += try read(size)
      _ = try read(2)
      if size == 0 { return Answer(head: head, body: body) }
    }
  }
}

/// The head of a request, given without its last line ends.
func requestHead(_ text: String) throws -> HTTPRequestHead {
  var parser = HTTPRequestParser()
  let bytes = Array((text + "\r\n\r\n").utf8)
  guard case .head(let head, _) = bytes.withUnsafeBytes({ parser.parse($0) }) else {
    throw GatewayClient.Failure(what: "no request: \(text)")
  }
  return head
}

let chatRequest = #"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#

/// Chunks of a streamed answer, with the last of them telling usage.
let chatStream: [String] =
  ["Hel", "lo", " 😀"].map {
    "data: {\"id\":\"c1\",\"model\":\"gpt-4o-x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\($0)\"}}]}\n\n"
  } + [
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n",
    "data: [DONE]\n\n",
  ]
