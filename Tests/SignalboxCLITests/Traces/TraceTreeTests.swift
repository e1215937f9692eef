import JSONScan
import Testing

@testable import SignalboxCLI

@Suite struct TraceTreeTests {
  @Test func aTraceIsDrawnAsATree() throws {
    let json = """
      [{"kind":"agent","name":"support","status":"ok","timing":{"duration_ms":2300},"children":[
        {"kind":"llm","model":"gpt-4o","status":"ok","text":"one two\\u001b[2J\\nthree","tool_calls":[{"name":"f","arguments":"{}"}],"children":[]},
        {"kind":"tool","name":"fetch","status":"error","reason":"cancelled","message":"gave up","children":[]}]}]
      """
    let parser = JSONParser()
    let document = try parser.scan(json)
    var roots: [SpanNode] = []
    document.root.forEachElement { roots.append(SpanNode($0)) }
    let lines = TraceTree(columns: 40, words: true).lines(roots).map { $0.rendered(colour: false) }
    withExtendedLifetime(parser) {}
    #expect(
      lines == [
        "ok agent support  2.30 s",
        "├─ ok llm gpt-4o",
        "│     one two[2J",
        "│     three",
        "│     f({})",
        "└─ cancelled tool fetch",
        "      gave up",
      ])
  }

  @Test func aSummaryIsOneLine() throws {
    let json = """
      {"trace":"4bf92f3577b34da6a3ce929d0e0e4736","session":"s1","name":"support","status":"ok",\
      "started":"2026-11-21T12:30:00Z","duration_ms":2310,"spans":4,"model":"gpt-4o",\
      "usage":{"input":9,"output":2}}
      """
    let parser = JSONParser()
    let summary = TraceSummary(try parser.scan(json).root)
    withExtendedLifetime(parser) {}
    #expect(
      summary.line(colour: false, utcOffset: 0).text
        == "12:30:00 ok 4bf92f3577b34da6a3ce929d0e0e4736  support  gpt-4o  session s1  4 spans  2.31 s  9→2 tok"
    )
  }
}
