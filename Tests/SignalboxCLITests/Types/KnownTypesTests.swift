import JSONScan
import Testing

@testable import SignalboxCLI

@Suite struct KnownTypesTests {
  private static let answer = """
    {"types":[
      {"name":"llm","origin":"signalbox","span":true,"meaning":"A call of a model","seen":true},
      {"name":"rag.retrieved","origin":"app","meaning":"Documents were found","fields":{"num_docs":"how many"},"seen":true},
      {"name":"rag.rerank","origin":"app","span":true,"seen":false},
      {"name":"RAG-Cache","origin":"seen","seen":true,"problem":"\\"RAG-Cache\\" is unusual"}
    ]}
    """

  private func read<Value>(_ json: String, _ body: (JSONValueView) -> Value) throws -> Value {
    let parser = JSONParser()
    return try withExtendedLifetime(parser) { body(try parser.scan(json).root) }
  }

  @Test func whatIsNotDeclaredIsMarked() throws {
    let known = try read(Self.answer) { KnownTypes($0) }
    for type in ["llm.delta", "rag.retrieved", "rag.rerank.start"] { #expect(!known.lacks(type), "\(type)") }
    for type in ["rag.retreived", "RAG-Cache", "rag.start", "other"] { #expect(known.lacks(type), "\(type)") }
  }

  @Test func nothingIsAmissWhereNobodyDeclares() throws {
    let known = try read(
      #"{"types":[{"name":"llm","origin":"signalbox","span":true},{"name":"x","origin":"seen"}]}"#
    ) {
      KnownTypes($0)
    }
    #expect(!known.lacks("x") && !known.lacks("cache.hit"))
    var later = known
    try read(#"{"types":[{"name":"cache","span":true},{"name":"y"}]}"#) { later.declare($0) }
    #expect(later.lacks("x"))
    #expect(!later.lacks("cache.start") && !later.lacks("y") && !later.lacks("llm.end"))
  }

  @Test func theTailMarksThem() throws {
    let known = try read(Self.answer) { KnownTypes($0) }
    var view = TailView(.init(columns: nil, known: known))
    var event = ShownEvent()
    event.time = TailViewTests.noon
    event.data = #"{"n":1}"#
    for type in ["rag.retrieved", "rag.retreived"] {
      event.type = type
      view.apply(event)
    }
    event.span = "s"
    event.phase = .end
    for type in ["rag.rerank.end", "other.end"] {
      event.type = type
      event.span += "x"
      view.apply(event)
    }
    #expect(
      view.takeFinished().map { $0.rendered(colour: false) } == [
        #"12:30:00 event rag.retrieved  {"n":1}"#,
        #"12:30:00 event rag.retreived undeclared  {"n":1}"#,
        "12:30:00 ok rag  <1 ms", "12:30:00 ok other undeclared  <1 ms",
      ])
  }

  @Test func aTypeIsListedWithItsMeaning() throws {
    let lines = try read(Self.answer) { answer in
      var lines: [String] = []
      answer["types"]?.forEachElement { item in
        lines += KnownType(item).lines(column: 14).map { $0.rendered(colour: false) }
      }
      return lines
    }
    #expect(
      lines == [
        "llm.*           A call of a model", "rag.retrieved   Documents were found",
        "  num_docs: how many", "rag.rerank.*    ", "RAG-Cache       not declared",
        "  \"RAG-Cache\" is unusual",
      ])
  }
}
