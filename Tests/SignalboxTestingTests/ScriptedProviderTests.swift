import Fetch
import Foundation
import Signalbox
import SignalboxLLM
import Testing
import Wire

@testable import SignalboxTesting

@Suite(.timeLimit(.minutes(2)))
struct ScriptedProviderTests {
  private let client = FetchClient(thread: FetchThread())

  private func request(
    _ provider: ScriptedProvider, path: String = "/v1/chat/completions",
    body: String = "{\"model\":\"gpt-4o\",\"stream\":true}"
  ) -> FetchRequest {
    FetchRequest(
      "POST", provider.url + path, headers: [.init("content-type", "application/json")],
      body: SharedBytes(body.utf8))
  }

  private func ask(
    _ provider: ScriptedProvider, path: String = "/v1/chat/completions",
    body: String = "{\"model\":\"gpt-4o\",\"stream\":true}"
  ) async throws -> (status: Int, body: String) {
    let response = try await client.send(request(provider, path: path, body: body))
    return (response.status, String(decoding: try await response.body.collect(limit: 1 << 20), as: UTF8.self))
  }

  @Test func repliesInOrderAndTheLastAgain() async throws {
    let provider = try ScriptedProvider(
      .error(status: 503, "later", retryAfter: .seconds(2)), .text("Good morning", chunks: 2))
    defer { provider.stop() }
    let refused = try await client.send(request(provider))
    #expect(refused.status == 503)
    #expect(refused.header("retry-after") == "2")
    _ = try await refused.body.collect(limit: 1000)
    for _ in 0..<2 {
      let answer = try await ask(provider)
      #expect(answer.status == 200)
      #expect(answer.body.contains("\"content\":\"Good m\"") && answer.body.hasSuffix("data: [DONE]\n\n"))
    }
    #expect(provider.requests.count == 3)
    // One connection served all.
    #expect(Set(provider.requests.map(\.connection)) == [0])
    #expect(provider.requests[0].model == "gpt-4o")
    #expect(provider.requests[0].header("Content-Type") == "application/json")
    #expect(provider.requests[0].text == "{\"model\":\"gpt-4o\",\"stream\":true}")
  }

  @Test func rulesByPathAndModel() async throws {
    let provider = try ScriptedProvider(.text("else"))
    defer { provider.stop() }
    provider.on(path: "/v1/messages", .text("Claude"))
    provider.on(model: "gpt-5", .raw(["five"], contentType: "text/plain"))
    #expect(try await ask(provider, path: "/v1/messages").body.contains("\"text\":\"C\""))
    #expect(try await ask(provider, body: "{\"model\":\"gpt-5\"}").body == "five")
    #expect(try await ask(provider, body: "{}").body.contains("\"content\":\"else\""))
  }

  @Test func nothingScriptedIsSaid() async throws {
    let provider = try ScriptedProvider()
    defer { provider.stop() }
    let answer = try await ask(provider, path: "/v1/messages")
    #expect(answer.status == 501)
    #expect(answer.body.contains("Nothing is scripted for POST /v1/messages"))
  }

  @Test func breaksOffAsItIsTold() async throws {
    let faults: [ScriptedReply.Fault] = [.hangUp, .reset(afterBytes: 10), .truncated(afterBytes: 10)]
    for fault in faults {
      let provider = try ScriptedProvider(.text("Good morning").with(fault))
      defer { provider.stop() }
      await #expect(throws: FetchError.self, "\(fault)") { try await ask(provider) }
    }
    // An answer with a length is cut, too.
    let provider = try ScriptedProvider(.text("Good morning").with(.truncated(afterBytes: 10)))
    defer { provider.stop() }
    await #expect(throws: FetchError.self) { try await ask(provider, body: "{}") }
  }

  @Test func stallsUntilItIsReleased() async throws {
    let provider = try ScriptedProvider(.raw(["abc", "def"]).with(.stall(afterBytes: 4)))
    defer { provider.stop() }
    let response = try await client.send(request(provider))
    var body = response.body.makeAsyncIterator()
    var text: [UInt8] = []
    while text.count < 4, let piece = try await body.next() { text += piece }
    #expect(text == Array("abcd".utf8))
    await provider.stalled()
    provider.release()
    while let piece = try await body.next() { text += piece }
    #expect(text == Array("abcdef".utf8))
  }

  @Test func stopsWhileAnAnswerStalls() async throws {
    let provider = try ScriptedProvider(.text("a").with(.stallBeforeHead))
    let answer = Task { try await ask(provider) }
    await provider.received(1)
    await provider.stalled()
    provider.stop()
    await #expect(throws: FetchError.self) { try await answer.value }
  }

  @Test func everyByteInAPacketOfItsOwn() async throws {
    let provider = try ScriptedProvider(.text("Grüße 😀").with(.splitAtEveryByte))
    defer { provider.stop() }
    let whole = try ScriptedProvider(.text("Grüße 😀"))
    defer { whole.stop() }
    #expect(try await ask(provider).body == (try await ask(whole).body))
  }

  @Test func manyConnectionsAtOnce() async throws {
    let provider = try ScriptedProvider(.text("hello").with(.drip(bytes: 64, every: .microseconds(100))))
    defer { provider.stop() }
    let bodies = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<50 { group.addTask { try await ask(provider).body } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(bodies.count == 1)
    #expect(provider.requests.count == 50)
  }

  @Test func chunkedRequests() async throws {
    let provider = try ScriptedProvider(.text("ok"))
    defer { provider.stop() }
    let connection = try RawSocket(port: provider.port)
    connection.send(
      "POST /v1/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"m\r\n10\r\nodel\":\"m\"}      \r\n0\r\n\r\n"
    )
    await provider.received(1)
    #expect(provider.requests[0].model == "m")
    connection.send("nonsense\r\n\r\n")
    #expect(connection.readToEnd().contains("text_completion"))
  }

  @Test func addressesThatCannotBeHad() throws {
    let provider = try ScriptedProvider(.text("ok"))
    defer { provider.stop() }
    #expect(throws: ProviderError.self) { try ScriptedProvider(cassettes: [], port: provider.port) }
    #expect(throws: ProviderError.self) { try ScriptedProvider(cassettes: [], host: "no.such.host.invalid") }
  }

  // MARK: Recordings

  private func cassette(_ text: String, path: String, model: String, body: String) -> Cassette {
    var body = body
    let request = body.withUTF8 {
      Cassette.Request(method: "POST", path: path, model: model, body: UnsafeRawBufferPointer($0))
    }
    return Cassette(
      recorded: 0, request: request, status: 200, headers: [.init(name: "content-type", value: "text/plain")],
      chunks: [.init(at: 1_000_000, bytes: Array(text.utf8))], endAt: 2_000_000)
  }

  @Test func theRecordingThatFitsBest() async throws {
    let path = "/openai/v1/chat/completions"
    let provider = try ScriptedProvider(cassettes: [
      cassette("one", path: path, model: "gpt-4o", body: "1"),
      cassette("two", path: path, model: "gpt-4o", body: "{\"model\":\"gpt-4o\",\"n\":2}"),
      cassette("five", path: path, model: "gpt-5", body: "5"),
      cassette("claude", path: "/v1/messages", model: "claude", body: "c"),
    ])
    defer { provider.stop() }
    let base = "/v1/chat/completions"
    #expect(try await ask(provider, path: base, body: "{\"model\":\"gpt-4o\",\"n\":2}").body == "two")
    #expect(try await ask(provider, path: base, body: "{\"model\":\"gpt-5\"}").body == "five")
    #expect(try await ask(provider, path: base, body: "{\"model\":\"gpt-4o\"}").body == "one")
    #expect(try await ask(provider, path: base, body: "{\"model\":\"gpt-4o\"}").body == "one")
    #expect(try await ask(provider, path: base, body: "{\"model\":\"gpt-4o\"}").body == "two")
    #expect(try await ask(provider, path: "/v1/messages", body: "{}").body == "claude")
  }

  @Test func recordedPlayedAndRecordedAgainIsTheSame() async throws {
    let text = "data: {\"choices\":[]}\n\n"
    let original = cassette(text, path: "/v1/chat/completions", model: "gpt-4o", body: "{}")
    let provider = try ScriptedProvider(cassettes: [original], speed: 1)
    defer { provider.stop() }
    let kept = Locked<[Cassette]>([])
    let recorder = CassetteRecorder { cassette in kept.withLock { $0.append(cassette) } }
    let body = Array("{}".utf8)
    let call = body.withUnsafeBytes {
      recorder.begin(method: "POST", path: "/v1/chat/completions", body: $0)
    }
    let response = try await client.send(request(provider, body: "{}"))
    call.head(status: response.status, headers: response.headers.map { ($0.name, $0.value) })
    for try await piece in response.body { piece.withUnsafeBytes { call.body($0) } }
    call.end(.complete)
    let again = kept.withLock { $0 }
    #expect(again.count == 1)
    #expect(again[0].body == original.body && again[0].status == 200 && again[0].headers == original.headers)
    #expect(again[0].request.bodyHash == original.request.bodyHash)
    // No chunk came before its time.
    #expect(again[0].endAt >= 2_000_000)
  }
}

/// A bare TCP connection.
private struct RawSocket {
  let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let descriptor = descriptor
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
  }

  func send(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  func readToEnd() -> String {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(descriptor, &piece, piece.count, 0)
      guard count > 0 else { break }
      all += piece[..<count]
    }
    close(descriptor)
    return String(decoding: all, as: UTF8.self)
  }
}
