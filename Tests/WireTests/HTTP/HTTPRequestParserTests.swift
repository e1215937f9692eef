import Testing
import Wire

@Suite struct HTTPRequestParserTests {
  // MARK: - What is accepted

  @Test func readsAHead() throws {
    let head = try parse(
      "POST /v1/events?after=1-2&tag=a%20b&tag=c+d HTTP/1.1\r\nHost: localhost:7446\r\n"
        + "Content-Length:  12 \r\nX-Thing: one, Two\r\nx-thing:three\r\nEmpty:\r\n\r\nbody")
    #expect(head.method == .post)
    #expect(head.methodName == "POST")
    #expect(head.path == "/v1/events")
    #expect(head.pathIs("/v1/events"))
    #expect(!head.pathIs("/v1/event"))
    #expect(head.pathHasPrefix("/v1/"))
    #expect(head.query["after"] == "1-2")
    #expect(head.query.all("tag") == ["a b", "c d"])
    #expect(head.body == .length(12))
    #expect(head.keepAlive)
    #expect(head.value("host") == "localhost:7446")
    #expect(head.value("empty") == "")
    #expect(head.value("missing") == nil)
    #expect(head.values("x-thing") == ["one, Two", "three"])
    #expect(head.field("x-thing", contains: "two"))
    #expect(!head.field("x-thing", contains: "thre"))
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, HTTPRequestHead.Body.none),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false, .none),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", false, .none),
    ("GET / HTTP/1.0\r\n\r\n", false, .none),
    ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, .none),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", true, .chunked),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 05\r\n\r\n", true, .length(5)),
    ("\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n", true, .none),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", true, .none),
  ]) func framing(_ text: String, keepAlive: Bool, body: HTTPRequestHead.Body) throws {
    let head = try parse(text)
    #expect(head.keepAlive == keepAlive)
    #expect(head.body == body)
  }

  @Test(arguments: [
    ("http://example.com/a?b=c", "/a", "b=c"), ("HTTP://example.com", "", ""), ("http://x?y", "", "y"),
    ("/a?b?c", "/a", "b?c"), ("/?", "/", ""), ("/a%2Fb/", "/a%2Fb/", ""),
  ]) func targets(_ target: String, path: String, query: String) throws {
    let head = try parse("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(head.target == target)
    #expect(head.path == path)
    #expect(head.rawQuery == query)
  }

  @Test func segmentsAreDecodedOneByOne() throws {
    let head = try parse("GET /g/a%2Fb/c+d//%zz%4 HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(head.pathSegments == ["g", "a/b", "c+d", "%zz%4"])
  }

  @Test func expectIsTold() throws {
    let text = "Host: a\r\nExpect: 100-Continue\r\n"
    #expect(try parse("PUT / HTTP/1.1\r\n\(text)Content-Length: 1\r\n\r\n").expectsContinue)
    #expect(try !parse("PUT / HTTP/1.1\r\n\(text)\r\n").expectsContinue)
    #expect(try !parse("PUT / HTTP/1.0\r\n\(text)Content-Length: 1\r\n\r\n").expectsContinue)
  }

  // MARK: - What is refused

  static let refused: [(String, Int)] = [
    ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n folded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n\tfolded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHo\u{0}st: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{7F}b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nÜ: a\r\n\r\n", 400),
    ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET /ü HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET /\r\nHost: a\r\n\r\n", 400),
    ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/11\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
    ("\u{16}\u{3}\u{1}", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 501),
    ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("PUT / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n", 417),
    ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 100))\r\n", 431),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 33_000))\r\n\r\n", 431),
  ]

  @Test(arguments: refused) func refuses(_ text: String, status: Int) {
    let error = #expect(throws: HTTPError.self) { try parse(text) }
    #expect(error?.status == status)
    #expect(error?.message.hasSuffix(".") == true)
  }

  @Test func namesAreTokens() throws {
    let tokens = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: ":") {
      let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX".utf8) + [byte] + Array(": y\r\n\r\n".utf8)
      #expect((outcome(bytes, growing: [bytes.count]).hasPrefix("GET")) == tokens.contains(byte), "\(byte)")
    }
  }

  // MARK: - However it is split

  @Test func splitsMakeNoDifference() {
    let accepted = [
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    ]
    for text in accepted + Self.refused.map(\.0) where text.utf8.count < 400 {
      let bytes = Array(text.utf8)
      let whole = outcome(bytes, growing: [bytes.count])
      for cut in 1..<bytes.count {
        #expect(outcome(bytes, growing: [cut, bytes.count]) == whole, "\(text) at \(cut)")
      }
      #expect(outcome(bytes, growing: Array(1...bytes.count)) == whole, "\(text)")
    }
  }

  /// The first outcome of a window that grows to these sizes.
  private func outcome(_ bytes: [UInt8], growing sizes: [Int]) -> String {
    var parser = HTTPRequestParser()
    for size in sizes {
      // A copy a step, so that the parser cannot keep pointers.
      let window = Array(bytes[..<size])
      switch window.withUnsafeBytes({ parser.parse($0) }) {
      case .needMore: continue
      case .head(let head, let consumed): return "\(head.methodName) \(head.target) \(head.body) \(consumed)"
      case .error(let error): return "\(error)"
      }
    }
    return "unfinished"
  }

  private struct Unfinished: Error {}

  private func parse(_ text: String) throws -> HTTPRequestHead {
    var parser = HTTPRequestParser()
    switch Array(text.utf8).withUnsafeBytes({ parser.parse($0) }) {
    case .needMore: throw Unfinished()
    case .head(let head, _): return head
    case .error(let error): throw error
    }
  }
}
