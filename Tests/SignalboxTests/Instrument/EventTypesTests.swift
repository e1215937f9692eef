import SignalboxTesting
import Testing

@testable import Signalbox

@Suite(.timeLimit(.minutes(1)))
struct EventTypesTests {
  private static let types: EventTypes = [
    .event("rag.retrieved", "Documents were found", ["num_docs": "how many"]),
    .span("rag.rerank", "Documents are put in order"),
  ]

  @Test func whatIsDeclared() {
    for type in ["rag.retrieved", "rag.rerank.start", "rag.rerank.error"] {
      #expect(Self.types.declares(type), "\(type)")
    }
    for type in ["rag.rerank", "rag.rerank.stop", "rag.retrieved.start", "rag.start", "rag"] {
      #expect(!Self.types.declares(type), "\(type)")
    }
    #expect(Self.types["rag.retrieved"]?.fields == [.init("num_docs", "how many")])
    #expect(Self.types.problems.isEmpty)
  }

  @Test func namesShouldBeLowerCaseWords() {
    for name in ["cache.hit", "rag.retrieval.complete", "x", "a1.b_2"] {
      #expect(EventType.problem(with: name) == nil, "\(name)")
    }
    #expect(
      EventType.problem(with: "RAG-Retrieval")
        == "\"RAG-Retrieval\" is unusual: write lower-case words joined by dots, such as \"rag.retrieval\"")
    for name in ["a..b", ".a", "a.", "a b/c", "cache:hit", "1.a", "_"] {
      #expect(EventType.problem(with: name) != nil, "\(name)")
    }
    let invalid = EventType.problem(with: "rag retrieval")
    #expect(invalid?.contains("would be sent as \"rag_retrieval\"") == true)
    #expect(EventType.problem(with: "") != nil)
    #expect(EventType.problem(with: String(repeating: "a", count: 129)) != nil)
  }

  @Test func problemsOfARegistry() {
    let types: EventTypes = [.event("Cache", ""), .event("a", "first"), .event("a", "second")]
    #expect(types.problems.count == 2)
    #expect(types["a"]?.meaning == "first")
    #expect(
      types.merging([.event("b", ""), .event("a", "third")]).declarations.map(\.meaning) == ["", "first", ""])
  }

  @Test func everyTypeOfOursIsDeclaredAndWellNamed() {
    #expect(EventTypes.signalbox.problems.isEmpty)
    for kind in [SpanKind.llm, .tool, .chain, .step, .agent, .retrieval] {
      let types = kind.types
      for type in [
        types.start, types.delta, types.usage, types.progress, types.restart, types.end, types.error,
      ] {
        #expect(EventTypes.signalbox.declares(type.name))
      }
    }
    #expect(EventTypes.signalbox.declares(EventType.gap.name))
  }

  @Test func theyAreAnnouncedToEveryExporter() async throws {
    var configuration = Emitter.Configuration()
    configuration.types = Self.types
    let first = Recorder()
    let emitter = Emitter([first], configuration: configuration)
    await first.wait(for: 1)
    let event = try #require(await first.events.first)
    #expect(event.type == "signalbox.types")
    #expect(
      event.data == [
        "types": [
          ["name": "rag.retrieved", "meaning": "Documents were found", "fields": ["num_docs": "how many"]],
          ["name": "rag.rerank", "meaning": "Documents are put in order", "span": true],
        ]
      ])
    let second = Recorder()
    emitter.add(second)
    await second.wait(for: 1)
    #expect(await second.events.first?.type == "signalbox.types")
  }

  @Test func whatIsNotDeclaredIsReportedOnce() async {
    let (problems, told) = AsyncStream.makeStream(of: EmitterProblem.self)
    var configuration = Emitter.Configuration()
    configuration.types = Self.types
    configuration.onProblem = { told.yield($0) }
    let emitter = Emitter([Recorder()], configuration: configuration)
    emitter.emit("rag.retrieved")
    await emitter.withSpan("rag.rerank", "x") { _ in }
    await emitter.withSpan(.llm, "x") { _ in }
    for _ in 0..<3 { emitter.emit("rag.retreived") }
    emitter.emit(Event("Cache-Hit"))
    var heard: [String] = []
    for await problem in problems {
      heard.append(problem.message)
      #expect(problem.field == "type")
      if heard.count == 2 { break }
    }
    heard.sort()
    #expect(heard[1] == "\"rag.retreived\" is not declared: add it to the emitter's types")
    #expect(heard[0].hasPrefix("\"Cache-Hit\" is not declared") && heard[0].contains("\"cache.hit\""))
  }

  @Test func manyTypesAreAnnouncedInParts() async {
    var configuration = Emitter.Configuration()
    configuration.types = EventTypes((0..<250).map { .event("a\($0)", "") })
    let recorder = Recorder()
    let emitter = Emitter([recorder], configuration: configuration)
    await recorder.wait(for: 3)
    #expect(await recorder.events.count == 3)
    await emitter.shutDown(within: .seconds(20))
  }
}
