import Foundation
import SignalboxLLM
import Testing

struct ProgressTests {
  @Test func drawsInPlaceOnATerminal() {
    var view = ProgressView(isTerminal: true)
    #expect(view.text(after: Events.start(at: 10)) == "\r\u{1B}[2K⠙ openai/gpt-4o  0 chunks  0 B  0.0 s")
    // Not more often than ten times a second.
    #expect(view.text(after: Events.delta("abc", 0, at: 10.05)) == "")
    #expect(
      view.text(after: Events.delta("abc", 1, at: 12.5)) == "\r\u{1B}[2K⠹ openai/gpt-4o  2 chunks  6 B  2.5 s"
    )
    #expect(
      view.text(after: Events.start(stream: "b", at: 12.75)) == "\r\u{1B}[2K⠸ 2 streams  2 chunks  6 B  2.8 s"
    )
    #expect(
      view.text(after: Events.complete(output: 8, at: 14.5))
        == "\r\u{1B}[2KCompleted: 2 chunks in 4.5 s, 8 tokens, 1.8 tokens/s\n")
    #expect(
      view.text(after: Events.error(stream: "b", at: 13)) == "Failed (rate_limited): 0 chunks in 0.3 s\n")
  }

  @Test func dotsElsewhere() {
    var view = ProgressView(isTerminal: false)
    var text = view.text(after: Events.start(at: 10))
    for index in 0..<25 { text += view.text(after: Events.delta("x", index, at: 10.1)) }
    text += view.text(after: Events.restart(from: 0, at: 10.2))
    text += view.text(after: Events.complete(at: 12))
    #expect(text == "Streaming: ..[again]\nCompleted: 25 chunks in 2.0 s\n")
  }

  @Test func namesCannotSteerTheTerminal() {
    var view = ProgressView(isTerminal: true)
    let text = view.text(after: Events.delta("a", provider: "\u{1B}[31mred\u{202E}", model: "m\r\n", at: 10))
    #expect(text == "\r\u{1B}[2K⠙ [31mred/m  1 chunks  1 B  0.0 s")
  }

  @Test func longLinesAreCut() {
    var view = ProgressView(isTerminal: true, columns: 20)
    let text = view.text(after: Events.delta("a", model: String(repeating: "m", count: 99), at: 10))
    #expect(text.dropFirst(5).count == 19 && text.hasSuffix("…"))
  }

  @Test func printsToADescriptor() async throws {
    let pipe = Pipe()
    let line = ProgressLine(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    for event in [Events.start(at: 1), Events.delta("a", at: 1), Events.complete(at: 3)] {
      await line.handle(event)
    }
    try pipe.fileHandleForWriting.close()
    let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    #expect(text == "Streaming: \nCompleted: 1 chunks in 2.0 s\n")
  }
}
