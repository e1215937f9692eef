import Testing
import Wire

@testable import SignalboxCLI

@Suite struct TailViewTests {
  /// 2026-11-21T12:30:00Z.
  static let noon: Int64 = 1_795_264_200_000_000_000

  func event(
    _ type: String, _ phase: Phase?, span: String = "s1", parent: String = "", at ms: Int64 = 0,
    index: Int? = nil, text: String = "", channel: String = ""
  ) -> ShownEvent {
    var event = ShownEvent()
    event.type = type
    event.phase = phase
    event.span = span
    event.parent = parent
    event.time = Self.noon + ms * 1_000_000
    event.index = index
    event.text = text
    event.channel = channel
    return event
  }

  func call(_ words: [String]) -> [ShownEvent] {
    var start = event("llm.start", .start)
    start.model = "gpt-4o"
    var events = [start]
    for (place, word) in words.enumerated() {
      events.append(
        event("llm.delta", .delta, at: 200 + Int64(place) * 10, index: place, text: word))
    }
    return events
  }

  func end(at ms: Int64) -> [ShownEvent] {
    var usage = event("llm.usage", .usage, at: ms)
    usage.usage = ShownUsage(input: 9, output: 2)
    return [usage, event("llm.end", .end, at: ms)]
  }

  @Test func aPipeGetsOneLineAFinishedSpan() {
    var view = TailView(.init(columns: nil))
    for event in call(["Good ", "morning\n", "\u{1B}[31m!"]) + end(at: 1420) { view.apply(event) }
    let lines = view.takeFinished().map { $0.rendered(colour: false) }
    #expect(
      lines == ["12:30:00 ok llm gpt-4o  9→2 tok · first 200 ms · 1.42 s  Good morning [31m!"])
    #expect(view.running == 0)
    #expect(view.live(now: Self.noon).isEmpty)
    #expect(view.takeFinished().isEmpty)
  }

  @Test func aTerminalShowsTheTextGrowing() {
    var view = TailView(.init(columns: 60))
    for event in call(["Good ", "morning"]) { view.apply(event) }
    let line = view.live(now: Self.noon + 500_000_000)[0]
    #expect(line.text == "12:30:00 ● llm gpt-4o  Good morning   first 200 ms · 500 ms")
    #expect(line.width == 59)
    #expect(view.takeFinished().isEmpty)
  }

  @Test func aRunningSpanShowsTheEndOfItsTextAndAFinishedOneItsHead() {
    var view = TailView(.init(columns: 80))
    for event in call((0..<40).map { "word\($0) " }) { view.apply(event) }
    #expect(view.live(now: Self.noon + 1_000_000_000)[0].text.contains("word39"))
    for event in end(at: 1000) { view.apply(event) }
    let line = view.takeFinished()[0].text
    #expect(line.contains("word0 ") && !line.contains("word39") && line.contains("…"))
  }

  @Test func textGoesBeforeFiguresWhereThereIsLittleRoom() {
    var view = TailView(.init(columns: 50))
    for event in call(["Good ", "morning to you"]) { view.apply(event) }
    let line = view.live(now: Self.noon + 500_000_000)[0].text
    #expect(line.contains("morning to you"))
    #expect(!line.contains("first"))
  }

  @Test func noLineIsEverWiderThanTheTerminal() {
    for columns in 1...120 { checkWidths(columns: columns) }
  }

  func checkWidths(columns: Int) {
    var view = TailView(.init(columns: columns))
    var custom = event("cache.hit", nil, span: "")
    custom.data = #"{"ключ":"日本語日本語日本語日本語日本語"}"#
    for event in call(["日本", "語👩‍👩‍👧", "text "]) + [custom] { view.apply(event) }
    for line in view.live(now: Self.noon) { #expect(line.width < max(columns, 1)) }
    for event in end(at: 10) { view.apply(event) }
    view.note("the connection was lost", at: Self.noon)
    for line in view.takeFinished() { #expect(line.width < max(columns, 1)) }
  }

  @Test func concurrentSpansStandUnderTheirParents() {
    var view = TailView(.init(columns: 100, liveLines: 3))
    view.apply(event("agent.start", .start, span: "a"))
    view.apply(event("llm.start", .start, span: "x"))
    view.apply(event("tool.start", .start, span: "b", parent: "a"))
    #expect(
      view.live(now: Self.noon).map { $0.text.dropFirst(9).prefix(9) } == [
        "● agent  ", "  ● tool ", "● llm    ",
      ])
    view.apply(event("llm.start", .start, span: "y"))
    let lines = view.live(now: Self.noon)
    #expect(lines.count == 4)
    #expect(lines[3].text.hasSuffix("and 1 more running"))
  }

  @Test func reasoningGivesWayToTheAnswer() {
    var view = TailView(.init(columns: nil))
    view.apply(event("llm.delta", .delta, index: 0, text: "hmm", channel: "reasoning"))
    view.apply(event("llm.delta", .delta, index: 1, text: "Yes", channel: "text"))
    view.apply(event("llm.delta", .delta, index: 2, text: " indeed", channel: "text"))
    view.apply(event("llm.end", .end))
    #expect(view.takeFinished()[0].text.hasSuffix("  Yes indeed"))
  }

  @Test func aRetryTakesItsTextBack() {
    var view = TailView(.init(columns: nil))
    for event in call(["Good ", "mor"]) { view.apply(event) }
    var restart = event("llm.restart", .restart, at: 300, text: "connection reset")
    restart.attempt = 1
    restart.discardFrom = 1
    view.apply(restart)
    view.apply(event("llm.delta", .delta, at: 400, index: 2, text: "night"))
    for event in end(at: 500) { view.apply(event) }
    let line = view.takeFinished()[0].text
    #expect(line.contains("retry 1") && line.hasSuffix("Good night"))
  }

  @Test(arguments: [
    ("failed", "error"), ("cancelled", "cancelled"), ("incomplete", "incomplete"), ("lost", "lost"),
  ])
  func anEndThatIsNoSuccessSaysWhy(reason: String, mark: String) {
    var view = TailView(.init(columns: nil))
    var error = event("llm.error", .error, text: "it broke")
    error.reason = reason
    view.apply(error)
    let line = view.takeFinished()[0].text
    #expect(line.hasPrefix("12:30:00 \(mark) llm"))
    #expect(line.hasSuffix("it broke"))
  }

  @Test func manySpansThatNeverEndStayBounded() {
    var view = TailView(.init(columns: 80))
    for place in 0..<(TailView.spanLimit + 10) {
      view.apply(event("x.start", .start, span: "s\(place)"))
    }
    #expect(view.running == TailView.spanLimit)
    #expect(view.takeFinished().count == 10)
  }

  @Test func longTextKeepsItsHeadAndTail() {
    var text = StreamedText()
    for place in 0..<10_000 { text.append("word\(place) ", index: place) }
    #expect(text.text.hasPrefix("word0 "))
    #expect(text.text.hasSuffix("word9999 "))
    #expect(text.text.utf8.count <= StreamedText.limit + 5)
    var one = StreamedText()
    one.append(String(repeating: "x", count: 100_000), index: 0)
    #expect(one.text.utf8.count <= StreamedText.limit)
  }

  @Test func theLiveAreaLeavesWhatItShould() {
    var area = LiveArea()
    var screen = Screen()
    screen.feed(area.draw(finished: [], live: ["a1", "b1"]))
    #expect(screen.rows == ["a1", "b1", ""])
    screen.feed(area.draw(finished: [], live: ["a1", "b2"]))
    #expect(screen.rows == ["a1", "b2", ""])
    screen.feed(area.draw(finished: ["A"], live: ["b3"]))
    #expect(screen.rows == ["A", "b3", ""])
    screen.feed(area.draw(finished: ["B", "C"], live: []))
    #expect(screen.rows == ["A", "B", "C", ""])
    #expect(area.draw(finished: [], live: []).isEmpty)
    #expect(screen.faults.isEmpty)
  }
}
