import BenchCore
import Signalbox
import SignalboxServer
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The sockets of a server in this process, over loopback: `swift run -c release SocketBench [directory]`.
///
/// How many frames of a chain arrive a second, and how long a tool's call takes from the emit to the frame in a client
/// while another client of the same session reads nothing.
@main
struct SocketBench {
  static func main() async throws {
    var configuration = ServerConfiguration()
    configuration.port = 0
    configuration.dataDirectory =
      CommandLine.arguments.dropFirst().first ?? "/tmp/signalbox-socket-bench-\(getpid())"
    let server = try Server(configuration)
    let url = try server.listen()
    var settings = Emitter.Configuration()
    settings.capacity = 400_000
    settings.capacityBytes = 1 << 30
    let emitter = Emitter([server.exporter], configuration: settings)
    await chain(emitter, url, steps: 3000)
    await chain(emitter, url, steps: 200_000)
    await tools(emitter, url, calls: 3000)
    await emitter.shutDown(within: .seconds(10))
    await server.shutDown()
  }

  /// Frames a second, from the first emit to the last frame in the client.
  static func chain(_ emitter: Emitter, _ url: String, steps: Int) async {
    let id = "bench-\(steps)"
    let reader = Reader(url, "/ws/chain/\(id)/") { $0.contains("\"update_type\":\"complete\"") }
    let start = now()
    var context = Context()
    context.chain = id
    await Context.with(context) {
      await emitter.withSpan(.chain, "bench") { span in
        for step in 0..<steps {
          span.emit(
            "chain.step",
            [
              "name": "step", "step": .int(Int64(step)), "steps": .int(Int64(steps)),
              "fraction": .double(Double(step + 1) / Double(steps)), "result": ["n": .int(Int64(step))],
            ], phase: .progress)
        }
      }
    }
    let frames = reader.wait()
    let seconds = Double((frames.last?.time ?? now()) - start) / 1e9
    let arrived = frames.count { $0.text.contains("\"update_type\":\"step\"") }
    print("chain: \(arrived) of \(steps) steps arrived, \(Int(Double(frames.count) / seconds)) frames/s")
    printFigure("chain of \(steps): steps that arrived", Double(arrived), "steps")
    printFigure("chain of \(steps)", Double(frames.count) / seconds, "frames/s")
  }

  /// From `emit` to the frame, a call every millisecond.
  static func tools(_ emitter: Emitter, _ url: String, calls: Int) async {
    // Connected, and never read.
    let stalled = Reader.join(url, "/ws?session_id=bench")
    let reader = Reader(url, "/ws?session_id=bench") { $0.contains("\"tool_name\":\"last\"") }
    var emitted: [UInt64] = []
    // What the stalled one does not take fills its window first.
    let filler = JSONValue.string(String(repeating: "x", count: 2000))
    var context = Context()
    context.session = "bench"
    await Context.with(context) {
      for call in 0..<calls {
        try? await Task.sleep(for: .milliseconds(1))
        emitted.append(now())
        emitter.emit(
          "tool.start", ["name": "tool", "id": .string("c\(call)"), "arguments": ["text": filler]])
      }
      emitter.emit("tool.start", ["name": "last"])
    }
    let frames = reader.wait().filter { $0.text.contains("\"tool_name\":\"tool\"") }
    let waits = zip(emitted, frames).map { Double($1.time - $0) / 1e6 }.sorted()
    func quantile(_ share: Double) -> String {
      waits.isEmpty
        ? "-" : "\((waits[min(waits.count - 1, Int(Double(waits.count) * share))] * 1000).rounded() / 1000)"
    }
    print(
      "tool call to frame beside a stalled client: \(frames.count) of \(calls), p50 \(quantile(0.5)) ms, "
        + "p99 \(quantile(0.99)) ms, max \(quantile(1)) ms")
    if !waits.isEmpty {
      let p99 = waits[min(waits.count - 1, Int(Double(waits.count) * 0.99))]
      printFigure("tool call to frame beside a stalled client, p99", p99, "ms")
    }
    close(stalled)
  }

  static func now() -> UInt64 {
    var spec = timespec()
    clock_gettime(CLOCK_MONOTONIC, &spec)
    return UInt64(spec.tv_sec) * 1_000_000_000 + UInt64(spec.tv_nsec)
  }
}

/// A client that reads on a thread of its own and notes when each frame came.
final class Reader: @unchecked Sendable {
  // Written by its thread until that has ended, read afterwards.
  private var frames: [(time: UInt64, text: String)] = []
  private var thread: SystemThread?

  init(_ url: String, _ path: String, until isLast: @escaping @Sendable (String) -> Bool) {
    let descriptor = Self.join(url, path)
    thread = SystemThread { self.read(descriptor, isLast) }
  }

  /// What came, once the last frame has.
  func wait() -> [(time: UInt64, text: String)] {
    thread?.join()
    return frames
  }

  /// An open WebSocket whose handshake is read.
  static func join(_ url: String, _ path: String) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let port = UInt16(url.split(separator: ":").last ?? "") ?? 0
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    precondition(code == 0, "the server is not there")
    let request = Array(
      """
      GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
      Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
      """.utf8)
    _ = request.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
    var head: [UInt8] = []
    var byte: UInt8 = 0
    while !head.suffix(4).elementsEqual("\r\n\r\n".utf8), recv(descriptor, &byte, 1, 0) == 1 {
      head.append(byte)
    }
    precondition(head.starts(with: "HTTP/1.1 101".utf8), String(decoding: head, as: UTF8.self))
    return descriptor
  }

  private func read(_ descriptor: Int32, _ isLast: (String) -> Bool) {
    var decoder = WebSocketDecoder(role: .client, maxMessage: 16 << 20)
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    defer { close(descriptor) }
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { return }
      let time = SocketBench.now()
      var isDone = false
      chunk.withUnsafeMutableBytes { chunk in
        let window = UnsafeMutableRawBufferPointer(rebasing: chunk[..<count])
        var at = 0
        while at < count {
          if case .text(let payload) = decoder.next(window, from: &at) {
            let text = String(decoding: payload, as: UTF8.self)
            frames.append((time, text))
            if isLast(text) { isDone = true }
          }
        }
      }
      if isDone { return }
    }
  }
}
