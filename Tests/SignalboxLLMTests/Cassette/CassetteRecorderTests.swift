import Foundation
import Signalbox
import SignalboxLLM
import SignalboxTesting
import Testing

struct CassetteRecorderTests {
  private let clock = TestClock(start: 1_000_000)

  private func begin(
    _ recorder: CassetteRecorder, path: String = "/v1/chat/completions",
    body: String = "{\"model\":\"gpt-4o\"}"
  ) -> any ByteTapCall {
    var body = body
    return body.withUTF8 { recorder.begin(method: "POST", path: path, body: UnsafeRawBufferPointer($0)) }
  }

  private func send(_ text: String, to call: any ByteTapCall) {
    var text = text
    text.withUTF8 { call.body(UnsafeRawBufferPointer($0)) }
  }

  @Test func keepsTheTimeOfEveryChunk() {
    let kept = Kept<Cassette>()
    let recorder = CassetteRecorder(clock: clock) { kept.add($0) }
    let call = begin(recorder)
    clock.advance(by: .nanoseconds(50))
    call.head(status: 200, headers: [("Content-Type", "text/event-stream")])
    clock.advance(by: .nanoseconds(50))
    send("data: a\n\n", to: call)
    clock.advance(by: .nanoseconds(100))
    send("data: b\n\n", to: call)
    call.end(.complete)
    call.end(.cancelled)
    #expect(kept.count == 1)
    let cassette = kept.all[0]
    #expect(cassette.recorded == 1_000_000 && cassette.headAt == 50)
    #expect(cassette.chunks.map(\.at) == [100, 200] && cassette.endAt == 200)
    #expect(cassette.end == .complete)
    #expect(cassette.request.model == "gpt-4o" && cassette.request.bodyBytes == 18)
    #expect(recorder.counts.recorded == 1)
  }

  @Test func secretsStayOut() {
    let kept = Kept<Cassette>()
    let recorder = CassetteRecorder(clock: clock) { kept.add($0) }
    let call = begin(
      recorder, path: "/v1beta/models/gemini-pro:streamGenerateContent?alt=sse&key=AIzaSECRET", body: "{}")
    call.head(
      status: 401,
      headers: [
        ("Set-Cookie", "__cf=secret"), ("OpenAI-Organization", "org-secret"), ("Retry-After", "3"),
        ("x-request-id", "req sk-secretsecret"), ("X-RateLimit-Remaining-Tokens", "7"),
      ])
    // The key lies in two chunks.
    send("{\"error\":\"Incorrect API key sk-sec", to: call)
    send("retsecret given\"}", to: call)
    call.end(.cut("reset: Bearer secretsecret"))
    let cassette = kept.all[0]
    #expect(cassette.request.path == "/v1beta/models/gemini-pro:streamGenerateContent?alt=sse&key=…")
    #expect(cassette.request.model == "gemini-pro")
    #expect(cassette.headers.map(\.name) == ["retry-after", "x-request-id", "x-ratelimit-remaining-tokens"])
    let file = String(decoding: cassette.encoded(), as: UTF8.self)
    #expect(!file.lowercased().contains("secret"), "\(file)")
    #expect(file.contains("Incorrect API key sk-… given"))
  }

  @Test func tooLargeIsDroppedAndCounted() {
    let kept = Kept<Cassette>()
    let recorder = CassetteRecorder(limit: 10, clock: clock) { kept.add($0) }
    let call = begin(recorder)
    call.head(status: 200, headers: [])
    for _ in 0..<3 { send("12345", to: call) }
    call.end(.complete)
    #expect(kept.count == 0)
    #expect(recorder.counts.dropped == 1)
  }

  @Test func aFileACall() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let recorder = try CassetteRecorder(folder: folder.path, clock: clock)
    for number in 0..<5 {
      let call = begin(recorder)
      call.head(status: 200, headers: [])
      send("\(number)", to: call)
      call.end(.complete)
    }
    await recorder.flush()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == (0..<5).map { "1970-01-01T00-00-00.001000Z-\($0).ndjson" })
    let bodies = try names.map { try Cassette(contentsOf: folder.path + "/" + $0).body }
    #expect(bodies == (0..<5).map { Array("\($0)".utf8) })
    #expect(recorder.counts.recorded == 5)
    let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + names[0])[
      .posixPermissions]
    #expect(mode as? Int == 0o600)
  }

  @Test func aFolderThatCannotBeMade() {
    #expect(throws: CassetteError.self) { try CassetteRecorder(folder: "/dev/null/x") }
  }

  @Test func aDiskThatFailsIsSaid() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    let problems = Kept<String>()
    let recorder = try CassetteRecorder(folder: folder.path, clock: clock) { problems.add($0) }
    try FileManager.default.removeItem(at: folder)
    begin(recorder).end(.complete)
    await recorder.flush()
    #expect(recorder.counts.failed == 1)
    #expect(problems.count == 1)
  }
}
