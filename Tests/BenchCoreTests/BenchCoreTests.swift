import BenchCore
import Signalbox
import Testing

@Suite struct BenchCoreTests {
  private func figure(_ values: [Double], _ better: Better, goal: Double? = nil) -> Figure {
    Figure(case: "c", name: "f", unit: "u", spread: Spread(values)!, goal: goal, better: better)
  }

  @Test func theMiddleWithItsSpread() {
    #expect(Spread([3, 1, 2]) == Spread(median: 2, low: 1, high: 3))
    #expect(Spread([4, 1, 2, 3]) == Spread(median: 2.5, low: 1, high: 4))
    #expect(Spread([]) == nil)
    #expect(Spread([.infinity, .nan]) == nil)
  }

  @Test func ratiosArePairedByRound() {
    #expect(Spread.ratios([2, 9, 8], to: [1, 3, 0]) == [2, 3])
    #expect(Spread.best([[1, 5], [2, 4, 7]]) == [2, 5])
    #expect(Spread.added([5, 1], over: [2, 3]) == [3, 0])
  }

  @Test func goalsAreMetByTheMedian() {
    #expect(figure([1, 2, 9], .lower, goal: 2).isMet == true)
    #expect(figure([1, 2, 9], .higher, goal: 2.1).isMet == false)
    #expect(figure([1], .lower).isMet == nil)
  }

  @Test func onlyBeyondTenPerCentAndTheSpreadIsAChange() {
    let base = Spread(median: 100, low: 98, high: 102)
    #expect(Verdict(figure([109], .lower), baseline: base) == .same(0.09))
    #expect(Verdict(figure([120], .lower), baseline: base) == .slower(0.2))
    #expect(Verdict(figure([80], .lower), baseline: base) == .faster(-0.2))
    #expect(Verdict(figure([80], .higher), baseline: base) == .slower(-0.2))
    #expect(Verdict(figure([100, 120, 140], .lower), baseline: base) == .same(0.2))
    #expect(
      Verdict(figure([120], .lower), baseline: Spread(median: 100, low: 90, high: 130)) == .same(0.2))
    #expect(Verdict(figure([200], .neither), baseline: base) == .same(1))
    #expect(Verdict(figure([1], .lower), baseline: nil) == .new)
    #expect(Verdict(figure([1], .lower), baseline: Spread(median: 0, low: 0, high: 0)).isSlower)
    #expect(Verdict(figure([120], .lower), baseline: base).text == "+20 % slower")
  }

  @Test func figureLines() {
    let output =
      "buffer of 1000: fast\nfigure\temit, 8 tasks\t412.5\tns\nfigure\tbad\tx\tns\nfigure\t\t1\tns\n"
    let lines = FigureLine.all(in: output)
    #expect(lines.count == 1)
    #expect(lines.first?.name == "emit, 8 tasks")
    #expect(lines.first?.value == 412.5)
    #expect(lines.first?.unit == "ns")
  }

  @Test func numbersAreShort() {
    let shown = [0.0, 1.3, 0.861, 24.53, 590.4, 14_000, 1_234_567, -3].map(\.short)
    #expect(shown == ["0", "1.3", "0.861", "24.5", "590", "14 k", "1.23 M", "-3"])
  }

  @Test func whatIsWrittenIsRead() throws {
    var record = Record()
    record.figures = [figure([1, 2, 4], .higher, goal: 3), figure([5], .neither)]
    record.methods = [("c", "how")]
    let read = Record(try JSONValue(parsing: Array(record.text.utf8)))
    #expect(read.figures == record.figures)
    #expect(record.spread(of: figure([9], .lower)) == record.figures.last?.spread)
  }

  @Test func whatWasNotRunStays() throws {
    func row(_ name: String, _ value: Double) throws -> Figure {
      Figure(case: name, name: "f", unit: "u", spread: try #require(Spread([value])))
    }
    var (earlier, now) = (Record(), Record())
    earlier.figures = [try row("a", 1), try row("b", 2), try row("gone", 3)]
    earlier.methods = [("a", "old"), ("b", "how")]
    now.figures = [try row("c", 5), try row("a", 4)]
    now.methods = [("a", "new")]
    let whole = now.completed(by: earlier, order: ["a", "b", "c"])
    #expect(whole.figures == [try row("a", 4), try row("b", 2), try row("c", 5)])
    #expect(whole.methods.map(\.0) == ["b", "a"] && whole.methods.last?.1 == "new")
  }

  @Test func theTableOfThePageIsReplaced() {
    let page = "before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n"
    #expect(
      Table.replaced(in: page, by: "new\n")
        == "before\n<!-- figures -->\nnew\n<!-- end of figures -->\nafter\n")
    #expect(Table.replaced(in: "no markers", by: "new") == nil)
  }

  @Test func options() throws {
    let options = try Options(["fanout,latency", "start", "--rounds", "9", "--docs", "--json", "a.json"])
    #expect(options.cases == ["fanout", "latency", "start"])
    #expect(options.rounds == 9)
    #expect(options.docs == "docs/performance.md")
    #expect(options.json == "a.json")
    #expect(throws: OptionError("there is no --fast: see --help")) { try Options(["--fast"]) }
    #expect(throws: OptionError("--rounds needs a number from 1 to 1000")) { try Options(["--rounds"]) }
  }
}
