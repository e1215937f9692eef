import Glibc
import Testing

@testable import SignalboxCLI

@Suite struct DoctorTests {
  @Test func aFindingIsALineAndItsFix() {
    let bad = Finding.bad("port", "taken\u{1B}[2J", fix: "take another")
    #expect(
      bad.lines(colour: false).map(\.text) == [
        "bad      port         taken[2J", "                      → take another",
      ])
    #expect(Finding.good("key", "fine").lines(colour: true).map(\.text) == ["✓ key          fine"])
  }

  @Test func addressesAreSplit() {
    #expect(Endpoint.split("127.0.0.1:7446")?.port == 7446)
    #expect(Endpoint.split("[::1]:0")?.host == "::1")
    for bad in ["", "7446", "host", ":80", "host:", "host:99999", "host:-1", "host:x"] {
      #expect(Endpoint.split(bad) == nil)
    }
  }

  @Test func aTakenPortIsSeenAndAFreeOneToo() throws {
    let taken = try #require(Endpoint.bound(host: "127.0.0.1", port: 0))
    defer { close(taken.socket) }
    #expect(taken.error == 0)
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(taken.socket, $0, &length) }
    }
    let port = Int(UInt16(bigEndian: address.sin_port))
    #expect(LocalChecks.port("127.0.0.1:\(port)").level == .bad)
    #expect(LocalChecks.port("127.0.0.1:0").level == .good)
    #expect(LocalChecks.port("nonsense").level == .bad)
  }

  @Test func aFolderThatIsNotThereYetIsMadeInOneThatIs() throws {
    var template = Array("/tmp/signalbox-doctor-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template))
    let folder = String(cString: made)
    defer { rmdir(folder) }
    #expect(LocalChecks.data(folder + "/a/b/c").level != .bad)
    #expect(LocalChecks.data("/proc/self/nothing").level == .bad)
  }

  @Test func variablesThatMeanNothingAreNamed() {
    let known = ["SIGNALBOX_URL", "SIGNALBOX_LISTEN"]
    func check(_ environment: [String: String]) -> [Finding] {
      LocalChecks.variables(environment, known: known, base: "http://127.0.0.1:7446")
    }
    #expect(check([:]).map(\.level) == [.good])
    #expect(check(["SIGNALBOX_LISTN": "x"]).first?.fix == "Did you mean SIGNALBOX_LISTEN?")
    #expect(check(["HTTP_PROXY": "http://proxy"]).first?.level == .warning)
    #expect(check(["HTTP_PROXY": "http://proxy", "NO_PROXY": "localhost,127.0.0.1"]).first?.level == .good)
    #expect(check(["OPENAI_BASE_URL": "http://127.0.0.1:7446/openai/v1"]).first?.level == .good)
    #expect(check(["OPENAI_BASE_URL": "https://elsewhere/v1"]).first?.level == .warning)
  }

  @Test func theDateOfAHeaderIsRead() {
    #expect(HTTPMoment.seconds("Sat, 21 Nov 2026 12:30:00 GMT") == 1_795_264_200)
    for bad in ["", "yesterday", "Saturday, 21-Nov-26 12:30:00 GMT", "Sat, 21 Nov 2026 12:30:00 CET"] {
      #expect(HTTPMoment.seconds(bad) == nil)
    }
  }

  @Test func upstreamsAreNamedAddresses() throws {
    func upstreams(_ words: [String]) throws -> [String: String] {
      try ServeOptions.upstreams(DoctorCommand.spec.parse(words, environment: { _ in nil }))
    }
    #expect(try upstreams([])["openai"] == "https://api.openai.com")
    #expect(try upstreams(["--upstream", "openai=http://h/v1"])["openai"] == "http://h/v1")
    #expect(try upstreams(["--upstream", "x=http://h?a=b"])["x"] == "http://h?a=b")
    #expect(throws: UsageError.self) { try upstreams(["--upstream", "http://h"]) }
  }
}
