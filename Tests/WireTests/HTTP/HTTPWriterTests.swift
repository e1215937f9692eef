import Testing
import Wire

@Suite struct HTTPWriterTests {
  private func written(_ body: (inout ByteWriter) -> Void) -> String {
    var writer = ByteWriter()
    body(&writer)
    return writer.string
  }

  @Test func statusLines() {
    #expect(written { $0.append(httpStatus: 200) } == "HTTP/1.1 200 OK\r\n")
    #expect(written { $0.append(httpStatus: 299, reason: "Fine\r\nX: y") } == "HTTP/1.1 299 Fine  X: y\r\n")
  }

  @Test func nothingCanEndAFieldEarly() {
    #expect(written { $0.append(httpField: "A", "b\r\nC: d\0") } == "A: b  C: d \r\n")
  }

  @Test(arguments: [(0, "0\r\n"), (9, "9\r\n"), (10, "a\r\n"), (255, "ff\r\n"), (65_536, "10000\r\n")])
  func chunkSizes(_ count: Int, text: String) {
    #expect(written { $0.append(chunkSize: count) } == text)
  }

  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
  ]) func dates(_ seconds: Int, text: String) {
    #expect(written { $0.append(httpDate: seconds) } == text)
  }
}
