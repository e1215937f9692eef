import JSONScan
import Testing
import Wire

@testable import SignalboxCLI

enum DemoMistake: Error { case notAnEvent }

@Suite struct DemoTests {
  @Test(arguments: ["agent", "chain"])
  func everySpanStartsOnceAndEndsOnceInsideAKnownParent(run: String) {
    let events = run == "agent" ? DemoAgent.support() : DemoChain.summary()
    var open: Set<String> = []
    var ended: Set<String> = []
    var indices: [String: Int] = [:]
    for event in events {
      switch event.phase {
      case .start:
        #expect(open.insert(event.span).inserted)
        if let parent = event.parent { #expect(open.contains(parent) && !ended.contains(parent)) }
      case .end, .error: #expect(ended.insert(event.span).inserted)
      case .delta:
        #expect(event.index == indices[event.span, default: 0])
        indices[event.span, default: 0] += 1
      default: break
      }
      #expect(open.contains(event.span))
      #expect(event.wait >= 0)
    }
    #expect(open == ended)
  }

  @Test func itsEventsAreJSONAndMarked() throws {
    var random = SystemRandomNumberGenerator()
    let identity = DemoIdentity(using: &random)
    let parser = JSONParser()
    for event in DemoAgent.support() + DemoChain.summary() {
      var writer = ByteWriter()
      writer.append(event, as: identity, at: .now())
      let root = try parser.scan(copying: writer.raw).root
      #expect(root["type"]?.string == event.type)
      #expect(root["tags"]?["demo"]?.string == "true")
      #expect(root["trace"]?.string?.count == 32)
      #expect(root["span"]?.string?.count == 16)
      #expect(root["data"]?.kind == .object)
    }
  }

  @Test func theTailTellsItsStory() throws {
    var random = SystemRandomNumberGenerator()
    let identity = DemoIdentity(using: &random)
    let decoder = EventDecoder()
    var view = TailView(.init(columns: nil))
    for event in DemoAgent.support() {
      var writer = ByteWriter()
      writer.append(event, as: identity, at: .now())
      guard case .event(let shown) = try decoder.decode(writer.raw) else { throw DemoMistake.notAnEvent }
      view.apply(shown)
    }
    let lines = view.takeFinished().map(\.text)
    #expect(view.running == 0)
    #expect(lines.contains { $0.contains("rag.reranked") })
    #expect(lines.contains { $0.contains("error llm gpt-4o demo") && $0.contains("Rate limit") })
    #expect(lines.contains { $0.contains("retry 1") && $0.contains("Good news: order 4821") })
    #expect(lines.last?.contains("ok agent support") == true)
  }
}
