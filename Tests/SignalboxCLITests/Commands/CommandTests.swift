import JSONScan
import Testing
import Wire

@testable import SignalboxCLI

@Suite struct CommandTests {
  func emit(_ words: [String]) throws -> String {
    try EmitEvent.json(EmitCommand.spec.parse(words, environment: { _ in nil }))
  }

  @Test func wordsBecomeAnEvent() throws {
    let json = try emit([
      "rag.done", "kept=7", "name=Anna \"A\"", "ok=true", "list=[1, 2]", "version=1.2.3", "empty=",
      "null=null",
      "--span", "s1", "--phase", "end", "--tag", "env=dev", "--index", "3",
    ])
    #expect(
      json == #"{"type":"rag.done","phase":"end","span":"s1","index":3,"tags":{"env":"dev"},"data":"#
        + #"{"kept":7,"name":"Anna \"A\"","ok":true,"list":[1, 2],"version":"1.2.3","empty":"","null":null}}"#
    )
    #expect(throws: UsageError("signalbox emit takes KEY=VALUE, not 'kept'")) { try emit(["a", "kept"]) }
    #expect(throws: UsageError("signalbox emit needs the TYPE before 'kept=7'")) { try emit(["kept=7"]) }
    #expect(throws: UsageError.self) { try emit([]) }
  }

  @Test func linesAreHandedOutWhole() {
    let text = Array("{\"a\":1}\n\n{\"b\":2}\nrest".utf8)
    for cut in 0...text.count {
      var lines = LineBatch()
      var whole: [UInt8] = []
      for half in [text[..<cut], text[cut...]] {
        lines.feed(half)
        whole += lines.takeWhole() ?? []
      }
      #expect(String(decoding: whole, as: UTF8.self).hasPrefix("{\"a\":1}\n"))
      #expect(String(decoding: whole, as: UTF8.self).hasSuffix("{\"b\":2}\n"))
      #expect(lines.takeRest() == Array("rest".utf8))
      #expect(lines.takeRest() == nil)
    }
    var blank = LineBatch()
    blank.feed(Array(" \r\n\n".utf8))
    #expect(blank.takeWhole() == nil)
  }

  @Test func theServersAnswerIsUnderstood() throws {
    let body =
      #"{"stored":2,"duplicate":1,"rejected":[{"index":3,"field":"type","error":"is missing"}],"#
      + #""position":"5f3a9c01be77-7"}"#
    let answer = try IngestAnswer(SharedBytes(body.utf8))
    #expect(answer.stored == 2 && answer.duplicate == 1 && answer.position == "5f3a9c01be77-7")
    #expect(answer.rejected.first?.field == "type" && answer.rejected.first?.index == 3)
  }

  @Test func aProgramIsRunWithItsGateway() {
    let variables = RunEnvironment.variables(
      base: "http://127.0.0.1:7446", key: nil, session: "s1", attributes: "a=b")
    let values = Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.value) })
    #expect(values["OPENAI_BASE_URL"] == "http://127.0.0.1:7446/g/-/s1/openai/v1")
    #expect(values["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:7446/g/-/s1/anthropic")
    #expect(values["OTEL_RESOURCE_ATTRIBUTES"] == "a=b,session.id=s1")
    #expect(values["SIGNALBOX_KEY"] == nil)
    let keyed = RunEnvironment.variables(base: "http://h", key: "k/1", session: "s", attributes: nil)
    #expect(keyed[0].value == "http://h/g/k%2F1/s/openai/v1")
  }

  @Test func shellWordsAreQuoted() {
    #expect(RunEnvironment.quoted("a'b $c") == "'a'\\''b $c'")
    #expect(RunEnvironment.quoted("") == "''")
  }

  @Test func queriesAreEscaped() throws {
    var query = Query()
    let arguments = try TailFilters.spec.parse(
      ["--tag", "user=Zoë & co", "--type", "llm."], environment: { _ in nil })
    FilterOptions.add(arguments, to: &query)
    #expect(query.text == "?type=llm.&tag=user%3DZo%C3%AB%20%26%20co")
  }

  @Test func runsOfTheDemoAreMergedInOrder() {
    var random = SystemRandomNumberGenerator()
    let identity = DemoIdentity(using: &random)
    let steps = DemoSchedule.merged([(identity, DemoAgent.support()), (identity, DemoChain.summary())])
    #expect(steps.count == DemoAgent.support().count + DemoChain.summary().count)
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.at <= $1.at })
    #expect((6_000...15_000).contains(steps.last?.at ?? 0))
  }

  private enum TailFilters {
    static let spec = CommandSpec(name: "probe", summary: "Probe", options: FilterOptions.all)
  }
}
