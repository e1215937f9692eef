import Foundation
import Signalbox
import SignalboxServer
import Testing

/// A server inside an app: the examples of `docs/sockets.md`, and what its handler may rely on.
@Suite(.timeLimit(.minutes(2)))
struct EmbeddedServerTests {
  private static func configuration() -> ServerConfiguration {
    var configuration = ServerConfiguration()
    configuration.port = 0
    configuration.dataDirectory =
      FileManager.default.temporaryDirectory.appendingPathComponent("signalbox-\(UUID().uuidString)").path
    return configuration
  }

  /// Runs `body` with a server that ends with it.
  private func withServer(
    _ change: (inout ServerConfiguration) -> Void = { _ in }, _ body: (Server, String) async throws -> Void
  ) async throws {
    var configuration = Self.configuration()
    change(&configuration)
    defer { try? FileManager.default.removeItem(atPath: configuration.dataDirectory) }
    let server = try Server(configuration)
    let url = try server.listen()
    do { try await body(server, url) } catch {
      await server.shutDown()
      throw error
    }
    await server.shutDown()
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private static func message(_ content: String, id: String? = nil) -> String {
    #"{"type":"message","content":"\#(content)"\#(id.map { #","id":"\#($0)""# } ?? "")}"#
  }

  @Test func theExampleOfTheDocument() async throws {
    try await withServer { configuration in
      configuration.chat = { message, reply in
        for word in ["You", " said: ", message.content] { reply.delta(word) }
      }
    } _: { server, url in
      let emitter = Emitter([server.exporter])
      let client = try SocketClient(url, "/ws?session_id=s1&stream=1")
      #expect(try await client.next().contains("connected"))
      try client.send(Self.message("hello"))
      var told: [String] = []
      for _ in 0..<4 {
        let frame = try object(try await client.next())
        told.append("\(frame["content"] ?? "") \(frame["streaming"] ?? "")")
      }
      #expect(told == ["You 1", " said:  1", "hello 1", "You said: hello 0"])
      server.send("Anything else?", to: "s1")
      #expect(try await client.next().contains(#""content":"Anything else?""#))
      await emitter.shutDown(within: .seconds(60))
    }
  }

  @Test func whatTheHandlerEmitsBelongsToTheSession() async throws {
    let emitter = Emitter()
    try await withServer { configuration in
      configuration.chat = { message, reply in
        let found = await emitter.withSpan(.tool, "fetch_patient_data") { span in
          span.output("ok")
          return "found"
        }
        reply.send(found)
        throw CancellationError()
      }
    } _: { server, url in
      emitter.add(server.exporter)
      let client = try SocketClient(url, "/ws?session_id=s2")
      _ = try await client.next()
      try client.send(Self.message("hello", id: "m7"))
      var told: [String: [String: Any]] = [:]
      for _ in 0..<4 {
        let frame = try object(try await client.next())
        told[try #require(frame["type"] as? String)] = frame
      }
      let call = try #require(told["tool_call"]?["tool_call_id"] as? String)
      #expect(told["tool_result"]?["tool_call_id"] as? String == call)
      #expect(told["tool_call"]?["tool_name"] as? String == "fetch_patient_data")
      #expect(told["tool_result"]?["result"] as? String == "ok")
      #expect(told["assistant"]?["content"] as? String == "found")
      #expect((told["error"]?["error"] as? String)?.contains("cancelled") == true)
      await emitter.shutDown(within: .seconds(60))
    }
  }

  @Test func messagesOfASessionWaitForEachOtherInABoundedQueue() async throws {
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    let turns = TurnCounter()
    try await withServer { configuration in
      configuration.chat = { message, reply in
        await turns.enter()
        if message.content == "0" { for await _ in gate {} }
        await turns.leave()
        reply.send("answer \(message.content)")
      }
    } _: { _, url in
      let client = try SocketClient(url, "/ws?session_id=s3")
      let other = try SocketClient(url, "/ws?session_id=s4")
      _ = try await client.next()
      for number in 0..<17 { try client.send(Self.message("\(number)")) }
      #expect(try await client.next().contains("Too many messages"))
      // Another session does not wait.
      try other.send(Self.message("1"))
      #expect(try await other.next(with: "assistant").contains("answer 1"))
      opener.finish()
      for number in 0..<16 { #expect(try await client.next().contains("\"answer \(number)\"")) }
    }
    #expect(await turns.most <= 2)
  }

  @Test func aMessageThatIsSentAgainIsAnsweredOnce() async throws {
    let turns = TurnCounter()
    try await withServer { configuration in
      configuration.chat = { message, reply in
        await turns.enter()
        await turns.leave()
        reply.send("answer")
      }
    } _: { _, url in
      let client = try SocketClient(url, "/ws?session_id=s5")
      for _ in 0..<3 { try client.send(Self.message("x", id: "same")) }
      try client.send(Self.message("y", id: "other"))
      _ = try await client.next()
      _ = try await client.next()
      _ = try await client.next()
    }
    #expect(await turns.all == 2)
  }

  @Test func anAnswerUnderWayIsCancelledAtTheEndAndSaysSo() async throws {
    var configuration = Self.configuration()
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    configuration.chat = { _, _ in
      start.finish()
      try await Task.sleep(for: .seconds(600))
    }
    let directory = configuration.dataDirectory
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let server = try Server(configuration)
    let client = try SocketClient(try server.listen(), "/ws?session_id=s6")
    try client.send(Self.message("x"))
    for await _ in started {}
    await server.shutDown(within: .seconds(600))
    configuration.chat = nil
    let again = try Server(configuration)
    let late = try SocketClient(try again.listen(), "/ws?session_id=s6&from=start")
    _ = try await late.next()
    #expect(try await late.next(with: "error").contains("cancelled"))
    await again.shutDown()
  }

  @Test func theExporterSaysWhatTheLogRefuses() async throws {
    try await withServer { server, url in
      let client = try SocketClient(url, "/ws/v1/s8?")
      try client.send(#"{"event_type":"session.hello"}"#)
      _ = try await client.next(with: "session.ready")
      var good = Context()
      good.session = "s8"
      var bad = Context()
      bad.session = "not an id"
      let batch = ExportBatch(
        events: [Event("a.b", context: bad), Event("a.c", context: good)], producer: "p", firstSequence: 0)
      // The second time it is a duplicate, which is no failure and no news.
      for _ in 0..<2 {
        let refused = try await server.exporter.write(batch)
        #expect(refused.map(\.index) == [0] && refused.first?.field == "session")
      }
      server.send("end", to: "s8")
      #expect(try await client.next().contains(#""event_type":"a.c""#))
      #expect(try await client.next().contains(#""event_type":"chat.reply""#))
    }
  }

  @Test func whatCannotBeIsAnError() async throws {
    var configuration = Self.configuration()
    defer { try? FileManager.default.removeItem(atPath: configuration.dataDirectory) }
    let server = try Server(configuration)
    let url = try server.listen()
    let inUse = #expect(throws: ServerError.self) { try Server(configuration) }
    #expect(inUse?.code == .inUse)
    var other = Self.configuration()
    defer { try? FileManager.default.removeItem(atPath: other.dataDirectory) }
    other.port = Int(url.split(separator: ":").last ?? "") ?? 0
    let second = try Server(other)
    let taken = #expect(throws: ServerError.self) { try second.listen() }
    #expect(taken?.code == .address)
    await second.shutDown()
    await server.shutDown()
    configuration.dataDirectory = "/dev/null/x"
    let folder = #expect(throws: ServerError.self) { try Server(configuration) }
    #expect(folder?.code == .folder)
  }
}

/// How many handlers ran at once, and how many in all.
private actor TurnCounter {
  private var now = 0
  private(set) var most = 0
  private(set) var all = 0

  func enter() {
    now += 1
    all += 1
    most = max(most, now)
  }

  func leave() { now -= 1 }
}
