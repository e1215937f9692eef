import Signalbox
import SignalboxLLM
import Testing

struct TranscriptTests {
  private func call(_ text: String, _ index: Int, id: String? = nil, name: String? = nil, at place: Int = 0)
    -> StreamEvent
  {
    Events.delta(
      text, index, channel: .toolArguments, tool: ToolFragment(index: place, id: id, name: name))
  }

  @Test func textReasoningAndToolCalls() {
    var transcript = Transcript()
    for event in [
      Events.start(), Events.delta("Let me ", 0, channel: .reasoning),
      Events.delta("see.", 1, channel: .reasoning),
      Events.delta("I look ", 2), Events.delta("it up.", 3), call("{\"q\":", 4, id: "c1", name: "lookup"),
      call("{}", 5, id: "c2", name: "time", at: 1), call("1}", 6), Events.complete(),
    ] { transcript.record(event) }
    #expect(
      transcript.parts() == [
        .reasoning("Let me see."), .text("I look it up."),
        .toolCall(ToolCall(id: "c1", name: "lookup", arguments: "{\"q\":1}")),
        .toolCall(ToolCall(id: "c2", name: "time", arguments: "{}")),
      ])
    #expect(transcript.text == "I look it up.")
    #expect(transcript.parts(choice: 1).isEmpty)
  }

  @Test func voidTextDisappears() {
    var transcript = Transcript()
    for event in [
      Events.delta("Thought", 0, channel: .reasoning), Events.delta("Good ", 1), Events.delta("mor", 2),
      call("{", 3, name: "f"), Events.restart(from: 2), Events.delta("evening", 4),
    ] { transcript.record(event) }
    #expect(transcript.parts() == [.reasoning("Thought"), .text("Good evening")])
    transcript.record(Events.restart(from: 0))
    #expect(transcript.parts().isEmpty)
    transcript.record(Events.delta("anew", 5))
    #expect(transcript.text == "anew")
  }

  @Test func aRestartBetweenMultibyteCharacters() {
    var transcript = Transcript()
    for (index, text) in ["Grü", "ß", "e 😀"].enumerated() { transcript.record(Events.delta(text, index)) }
    transcript.record(Events.restart(from: 2))
    #expect(transcript.text == "Grüß")
  }

  @Test func bounded() {
    var transcript = Transcript(limit: 5)
    for index in 0..<4 { transcript.record(Events.delta("abc", index)) }
    #expect(transcript.text == "abc")
    #expect(transcript.omittedBytes == 9)
    // What a restart takes away makes room.
    transcript.record(Events.restart(from: 0))
    transcript.record(Events.delta("abcde", 4))
    #expect(transcript.text == "abcde")
  }

  @Test func aConversation() async {
    let recorder = TranscriptRecorder()
    recorder.add("Weather?", from: "user")
    await recorder.handle(Events.delta("Hm.", 0, stream: "a", channel: .reasoning))
    await recorder.handle(call("{\"city\":\"Wien\"}", 1, id: "c1", name: "weather").moved(to: "a"))
    await recorder.handle(Events.complete(stream: "a"))
    recorder.add("21 °C", from: "tool")
    await recorder.handle(Events.delta("It is 12", 0, stream: "b"))
    await recorder.handle(Events.restart(from: 0, stream: "b"))
    await recorder.handle(Events.delta("It is 21 °C.", 1, stream: "b"))
    await recorder.handle(Events.complete(stream: "b"))
    #expect(
      recorder.text == """
        user: Weather?
        assistant (reasoning): Hm.
        assistant (tool call weather): {"city":"Wien"}
        tool: 21 °C
        assistant: It is 21 °C.
        """)
    #expect(recorder.transcripts.map(\.text) == ["", "It is 21 °C."])
  }

  @Test func theOldestIsForgotten() {
    let recorder = TranscriptRecorder(entries: 2)
    recorder.record(Events.delta("a", 0, stream: "a"))
    recorder.add("x", from: "user")
    recorder.record(Events.delta("b", 0, stream: "b"))
    recorder.record(Events.delta("b", 1, stream: "b"))
    #expect(recorder.text == "user: x\nassistant: bb")
    // Its stream goes on as a new one.
    recorder.record(Events.delta("c", 1, stream: "a"))
    #expect(recorder.text == "assistant: bb\nassistant: c")
  }
}

extension StreamEvent {
  fileprivate func moved(to stream: String) -> StreamEvent {
    var event = self
    event.info.streamID = stream
    return event
  }
}
