import Foundation
import Signalbox
import SignalboxTesting
import Testing
import Wire

@testable import SignalboxLLM

struct CassetteTests {
  static let text = """
    {"cassette":1,"recorded":"2026-11-21T09:30:00.5Z","request":{"method":"POST","path":"/v1/chat/completions","model":"gpt-4o","body_hash":"fnv1a64:cbf29ce484222325","body_bytes":0},"status":200,"at":1000,"headers":[["content-type","text/event-stream"]]}
    {"at":2000,"text":"data: \\u00fc\\n\\n"}
    {"at":2000,"base64":"/wA="}
    {"at":9000,"end":"complete"}

    """

  private func parse(_ text: String) throws(CassetteError) -> Cassette {
    try Cassette(parsing: Array(text.utf8))
  }

  @Test func readsWhatIsDocumented() throws {
    let cassette = try parse(Self.text)
    #expect(cassette.recorded == 1_795_253_400_500_000_000)
    #expect(cassette.request.method == "POST" && cassette.request.path == "/v1/chat/completions")
    #expect(cassette.request.model == "gpt-4o")
    #expect(cassette.status == 200 && cassette.headAt == 1000)
    #expect(cassette.headers == [.init(name: "content-type", value: "text/event-stream")])
    #expect(cassette.chunks.map(\.at) == [2000, 2000])
    #expect(cassette.body == Array("data: ü\n\n".utf8) + [0xFF, 0])
    #expect(cassette.end == .complete && cassette.endAt == 9000)
  }

  @Test func writesWhatItReads() throws {
    var generator = SplitMix(state: 1)
    for round in 0..<50 {
      var cassette = Cassette(
        recorded: .random(in: 0...4_000_000_000_000_000_000, using: &generator),
        request: .init(
          method: "POST", path: "/x?alt=sse", model: round % 2 == 0 ? "m\"\\\n" : nil, body: .init([1, 2])),
        status: round % 3 == 0 ? 0 : 200, headers: [.init(name: "x-request-id", value: "a\tb")], headAt: 5)
      for at in 0..<round {
        let bytes = (0..<at).map { _ in UInt8.random(in: 0...255, using: &generator) }
        cassette.chunks.append(
          .init(at: Int64(at * 10 + 5), bytes: at % 2 == 0 ? Array("añ\u{1}".utf8) : bytes))
      }
      cassette.end = [.complete, .cancelled, .cut("reset \"by\" peer")][round % 3]
      cassette.endAt = 100_000
      #expect(try Cassette(parsing: cassette.encoded()) == cassette)
    }
  }

  @Test(
    arguments: [
      ("", 1, "empty"),
      ("{\"at\":1}", 1, "begins with a line that has `cassette`"),
      ("{\"cassette\":2}", 1, "version 1"),
      ("{\"cassette\":1,\"status\":200,\"at\":0}", 1, "`request`"),
      (
        "{\"cassette\":1,\"request\":{\"method\":\"POST\",\"path\":\"x\"},\"status\":200,\"at\":0}", 1,
        "`path`"
      ),
      ("HEAD{\"status\":99}", 1, "no JSON"),
      ("HEAD", nil, "the last line"),
      ("HEAD\n{", 2, "no JSON"),
      ("HEAD\n[]", 2, "no JSON object"),
      ("HEAD\n{\"text\":\"a\"}", 2, "`at`"),
      ("HEAD\n{\"at\":-1,\"text\":\"a\"}", 2, "`at`"),
      ("HEAD\n{\"at\":1.5,\"text\":\"a\"}", 2, "`at`"),
      ("HEAD\n{\"at\":9,\"text\":\"a\"}\n\n{\"at\":8,\"text\":\"a\"}", 4, "earlier"),
      ("HEAD\n{\"at\":9}", 2, "either"),
      ("HEAD\n{\"at\":9,\"text\":\"a\",\"base64\":\"\"}", 2, "either"),
      ("HEAD\n{\"at\":9,\"text\":1}", 2, "`text`"),
      ("HEAD\n{\"at\":9,\"base64\":\"A\"}", 2, "`base64`"),
      ("HEAD\n{\"at\":9,\"end\":\"maybe\"}", 2, "`end`"),
      ("HEAD\n{\"at\":9,\"end\":\"complete\"}\n{\"at\":9,\"text\":\"a\"}", 3, "has ended"),
    ] as [(String, Int?, String)])
  func saysWhatIsWrongAndWhere(text: String, line: Int?, part: String) {
    let head =
      "{\"cassette\":1,\"request\":{\"method\":\"POST\",\"path\":\"/x\"},\"status\":200,\"at\":0,\"headers\":[]}"
    do {
      _ = try parse(text.replacingOccurrences(of: "HEAD", with: head))
      Issue.record("it was read")
    } catch {
      #expect(error.line == line)
      #expect(error.message.contains(part), "\(error)")
    }
  }

  @Test(arguments: ["[[\"a b\",\"x\"]]", "[[\"a\",\"x\\r\\nb: c\"]]", "[[\"a\"]]", "{}", "[[\"\",\"x\"]]"])
  func headersCannotBreakOut(headers: String) {
    let head =
      "{\"cassette\":1,\"request\":{\"method\":\"POST\",\"path\":\"/x\"},\"status\":200,\"at\":0,\"headers\":\(headers)}"
    #expect(throws: CassetteError.self) { try parse(head) }
  }

  @Test func base64() {
    for (plain, text) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ] {
      var writer = ByteWriter()
      Array(plain.utf8).withUnsafeBytes { writer.append(base64: $0) }
      #expect(writer.string == text)
      #expect(Array(text.utf8).withUnsafeBytes { Base64.decode($0) } == Array(plain.utf8))
    }
    for wrong in ["Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Z g=", "Zm9v\n", "=Zg=", "Zg==Zg=="] {
      #expect(Array(wrong.utf8).withUnsafeBytes { Base64.decode($0) } == nil, "\(wrong)")
    }
  }

  @Test func aFileThatIsNotThere() {
    #expect(throws: CassetteError.self) { try Cassette(contentsOf: "/nonexistent/x.ndjson") }
  }
}

extension UnsafeRawBufferPointer {
  /// Of bytes that live as long as the test.
  fileprivate init(_ bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    self.init(copy)
  }
}
