import Testing

@testable import SignalboxCLI

@Suite struct TerminalTextTests {
  @Test func nothingInAnEventSteersTheTerminal() {
    let hostile = "a\u{1B}[2J\u{1B}]0;title\u{07}b\u{9B}31mc\r\u{08}\u{7F}\u{202E}d\u{2066}e"
    #expect(PlainText.line(hostile) == "a[2J]0;titleb31mc de")
    for value in UInt32(0)...0x9F where !(0x20...0x7E).contains(value) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let cleaned = PlainText.line("x\(Character(scalar))y")
      #expect(cleaned == "xy" || cleaned == "x y")
    }
  }

  @Test func aLineHasNoBreaksAndABlockKeepsThem() {
    #expect(PlainText.line("one\n\n  two\tthree ") == "one two three ")
    #expect(PlainText.block("one\n\ttwo\u{1B}[1m") == "one\n  two[1m")
  }

  @Test(arguments: [
    ("plain", 5), ("", 0), ("日本語", 6), ("é", 1), ("e\u{301}", 1), ("👩‍👩‍👧", 2), ("📦", 2), ("한국", 4),
    ("❤\u{FE0F}", 2), ("→", 1), ("ｆ", 2),
  ])
  func widthsAreThoseOfTheTerminal(text: String, columns: Int) {
    #expect(DisplayWidth.of(text) == columns)
  }

  @Test func cuttingKeepsWholeCharactersWithinTheRoom() {
    let text = "ab日本語👩‍👩‍👧cd"
    for columns in 0...14 {
      let head = DisplayWidth.head(text, columns: columns)
      let tail = DisplayWidth.tail(text, columns: columns)
      #expect(DisplayWidth.of(head) <= columns)
      #expect(DisplayWidth.of(tail) <= columns)
      #expect(text.hasPrefix(head.hasSuffix("…") ? String(head.dropLast()) : head))
      #expect(text.hasSuffix(tail.hasPrefix("…") ? String(tail.dropFirst()) : tail))
    }
    #expect(DisplayWidth.head("abcdef", columns: 4) == "abc…")
    #expect(DisplayWidth.tail("abcdef", columns: 4) == "…def")
    #expect(DisplayWidth.head("abcd", columns: 4) == "abcd")
  }

  @Test func textWrapsAtSpacesAndInsideLongWords() {
    #expect(TextWrap.rows("one two three", columns: 7) == ["one two", "three"])
    #expect(TextWrap.rows("abcdefghij", columns: 4) == ["abcd", "efgh", "ij"])
    #expect(TextWrap.rows("a\n\nb\n", columns: 9) == ["a", "", "b"])
    #expect(TextWrap.rows("日本語", columns: 4) == ["日本", "語"])
  }

  @Test func colourIsOnlyAddedByUs() {
    var line = StyledLine()
    line.add("ok", .green)
    line.add(" text")
    #expect(line.rendered(colour: false) == "ok text")
    #expect(line.rendered(colour: true) == "\u{1B}[32mok\u{1B}[0m text")
  }

  @Test func figuresReadWell() {
    let durations: [(Double, String)] = [
      (0.2, "<1 ms"), (8, "8 ms"), (430.4, "430 ms"), (999.6, "1.00 s"), (1420, "1.42 s"),
      (12_340, "12.3 s"), (184_000, "3 min 04 s"), (7_500_000, "2 h 05 min"),
    ]
    for (ms, text) in durations { #expect(Figures.duration(milliseconds: ms) == text) }
    #expect(Figures.count(9) == "9")
    #expect(Figures.count(12_345) == "12.3k")
    #expect(Figures.count(1_250_000) == "1.3M")
    #expect(Figures.bytes(512) == "512 B")
    #expect(Figures.bytes(1_440_000) == "1.4 MB")
    #expect(Figures.fixed(-0.04, 1) == "0.0")
    #expect(Figures.fixed(1.005, 1) == "1.0")
    #expect(Figures.clock(nanoseconds: 45_296_000_000_000, offset: 3600) == "13:34:56")
    #expect(Figures.clock(nanoseconds: -1_000_000_000, offset: 0) == "23:59:59")
  }
}
