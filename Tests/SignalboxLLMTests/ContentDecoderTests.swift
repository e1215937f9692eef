import CZlib
import Foundation
import Testing
import Wire

@testable import SignalboxLLM

@Suite struct ContentDecoderTests {
  /// Compresses with the given window: 31 gzip, 15 zlib, -15 raw.
  private func compress(_ text: String, window: Int32) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
      &stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = Array(text.utf8)
    var output = [UInt8](repeating: 0, count: input.count + 1000)
    let written = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        deflate(&stream, Z_FINISH)
        return output.count - Int(stream.avail_out)
      }
    }
    return Array(output[..<written])
  }

  @Test(arguments: [("gzip", 31), ("deflate", 15), ("deflate", -15)] as [(String, Int32)])
  func inflatesAtEverySplit(_ encoding: String, _ window: Int32) {
    let packed = compress(Fixtures.openAI, window: window)
    let expected = CallTape.run(Fixtures.openAI).summary
    for cut in 1..<packed.count {
      let tape = CallTape.run([Array(packed[..<cut]), Array(packed[cut...])], encoding: encoding)
      #expect(tape.summary == expected, "cut at \(cut)")
    }
  }

  @Test func inflatesSeveralMembers() {
    let half = Fixtures.openAI.count / 2
    let packed =
      compress(String(Fixtures.openAI.prefix(half)), window: 31)
      + compress(String(Fixtures.openAI.dropFirst(half)), window: 31)
    #expect(CallTape.run([packed], encoding: "gzip").summary == CallTape.run(Fixtures.openAI).summary)
  }

  @Test func boundsWhatComesOut() {
    let bomb = compress(String(repeating: "\n", count: 1_000_000), window: 31)
    var limits = ReplyDecoder.Limits()
    limits.inflated = 100_000
    let tape = CallTape.run([bomb], encoding: "gzip", limits: limits)
    #expect(tape.last.data["unread"] as? String == "the reply or a part of it is too large")
  }

  @Test func brokenBytesAreSaid() {
    let tape = CallTape.run([Array("this is not gzip".utf8)], encoding: "gzip")
    #expect(tape.last.data["unread"] as? String == "the reply's encoding is broken")
  }

  @Test func keysAreCut() {
    func scrub(_ text: String) -> String {
      var writer = ByteWriter()
      Array(text.utf8).withUnsafeBytes { KeyScrubber.append($0, to: &writer) }
      return writer.string
    }
    #expect(scrub("key sk-abcdef123 and Bearer eyJhbGciOi.x-y") == "key sk-… and Bearer …")
    #expect(scrub("task-oriented desk-top sk-a") == "task-oriented desk-top sk-a")
    #expect(scrub("AIzaSyA0123456789") == "AIza…")
    #expect(scrub("") == "")
  }
}
