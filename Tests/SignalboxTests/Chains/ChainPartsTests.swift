import SignalboxTesting
import Testing

@testable import Signalbox

/// Branches, parallel parts and the work on many elements.
@Suite(.timeLimit(.minutes(5)))
struct ChainPartsTests {
  let fixture = ChainFixture()

  private func router() -> Chain<String, String> {
    Chain("route", emitter: fixture.emitter, options: fixture.options) {
      Step("trim") { (text: String) in text.lowercased() }
      Branch("length") { (text: String) in
        text.count > 5 ? "deep" : text.isEmpty ? "none" : "quick"
      } cases: {
        Case("quick") { Step("answer") { (text: String) in "quick " + text } }
        Case("deep") {
          Step("research") { (text: String) in [text, text] }
          Step("write") { (notes: [String]) in "deep " + notes.joined(separator: "+") }
        }
      }
      Step("sign") { (text: String) in text + "!" }
    }
  }

  private func steps() async -> [JSONValue?] {
    await fixture.chainEvents().filter { $0.type == "chain.step" }.map { $0.data }
  }

  @Test func theValueDecidesTheWay() async throws {
    #expect(router().stepNames == ["trim", "answer", "research", "write", "sign"])
    #expect(try await router().run("Hi") == "quick hi!")
    #expect(
      await steps() == [
        ["name": "trim", "step": 0, "steps": 5, "fraction": 0.25, "result": "hi"],
        ["name": "answer", "step": 1, "steps": 5, "fraction": 0.75, "result": "quick hi"],
        ["name": "sign", "step": 4, "steps": 5, "fraction": 1.0, "result": "quick hi!"],
      ])
    let branch = await fixture.events().first { $0.type == "chain.branch" }
    #expect(branch?.data == ["name": "length", "choice": "quick"] && branch?.phase == nil)
  }

  @Test func theOtherWay() async throws {
    #expect(try await router().run("Hello you") == "deep hello you+hello you!")
    let places = await steps().map { $0?["step"]?.int }
    #expect(places == [0, 2, 3, 4])
  }

  @Test func aCaseThatIsMissing() async {
    do throws(ChainError) {
      _ = try await router().run("")
      Issue.record("it must throw")
    } catch {
      #expect(error.code == .noCase && error.step == "length" && error.place == nil)
    }
    let last = await fixture.chainEvents().last
    #expect(last?.data?["message"] == "there is no case none" && last?.data?["code"] == "no_case")
    #expect(last?.data?["step_name"] == "length" && last?.data?["step"] == nil)
  }

  @Test(arguments: [(1, 1), (-1, 9)]) func stepsThatMayBeLeftOut(_ input: Int, _ output: Int) async throws {
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Branch("negative", if: { (x: Int) in x < 0 }) {
        Step("negate") { (x: Int) in -x }
        Step("add") { (x: Int) in x + 8 }
      }
      Step("last") { (x: Int) in x }
    }
    #expect(try await chain.run(input) == output)
    #expect(await steps().last??["fraction"] == 1.0)
  }

  @Test func twoWays() async throws {
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Branch("sign", if: { (x: Int) in x < 0 }) {
        Step("minus") { (_: Int) in "-" }
      } else: {
        Step("plus") { (_: Int) in "+" }
      }
    }
    #expect(try await chain.run(1) == "+")
    #expect(try await chain.run(-1) == "-")
  }

  @Test func aConditionThatThrows() async {
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Branch("sign", if: { (_: Int) in throw Broken() }) { Step("a") { (x: Int) in x } }
    }
    await #expect { try await chain.run(1) } throws: {
      let error = $0 as? ChainError
      return error?.code == .failed && error?.step == "sign" && error?.underlying is Broken
    }
  }

  @Test func loopsAndConditionsOfTheProgram() async throws {
    let isLoud = true
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      for round in 1...3 { Step("add \(round)") { (x: Int) in x + round } }
      if isLoud { Step("double") { (x: Int) in x * 2 } }
      Chain("inner") {
        Step("a") { (x: Int) in "\(x)" }
        Step("b") { (x: String) in x + "?" }
      }
    }
    #expect(chain.stepNames == ["add 1", "add 2", "add 3", "double", "a", "b"])
    #expect(try await chain.run(0) == "12?")
    #expect(await steps().map { $0?["step"]?.int } == [0, 1, 2, 3, 4, 5])
    #expect(Set(await fixture.events().map { $0.chain ?? "" }).count == 1)
  }

  @Test func parallelPartsRunAtTheSameTime() async throws {
    let first = Gate()
    let second = Gate()
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Step("load") { (x: Int) in x }
      Parallel {
        // Each waits for the other: one after another they would never end.
        Step("a") { (x: Int) in
          await first.open()
          await second.wait()
          return x + 1
        }
        Chain("b") {
          Step("b1") { (x: Int) in
            await second.open()
            await first.wait()
            return "\(x)"
          }
          Step("b2") { (x: String) in x + "b" }
        }
        Step("c") { (x: Int) in [x] }
      }
      Step("join") { (parts: (Int, String, [Int])) in "\(parts.0) \(parts.1) \(parts.2)" }
    }
    #expect(try await chain.run(1) == "2 1b [1]")
    let events = await fixture.chainEvents()
    let fractions = events.filter { $0.type == "chain.step" }.map { event -> Double in
      if case .double(let fraction) = event.data?["fraction"] { fraction } else { -1 }
    }
    #expect(fractions.count == 6 && fractions == fractions.sorted() && fractions.last == 1)
    #expect(events.last?.type == "chain.end")
  }

  @Test func anyNumberOfParts() async throws {
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Parallel {
        Step("a") { (x: Int) in x }
        Step("b") { (x: Int) in "\(x)" }
        Step("c") { (x: Int) in [x] }
        Step("d") { (x: Int) in x > 0 }
        Step("e") { (x: Int) in Double(x) }
        Step("f") { (x: Int) in x as Int? }
      }
      Step("join") { (parts: (Int, String, [Int], Bool, Double, Int?)) in
        "\(parts.0) \(parts.1) \(parts.2) \(parts.3) \(parts.4) \(parts.5 ?? 0)"
      }
    }
    #expect(try await chain.run(1) == "1 1 [1] true 1.0 1")
    #expect(chain.stepNames == ["a", "b", "c", "d", "e", "f", "join"])
  }

  @Test func progressOfManyAtOnceLeavesInOrder() async throws {
    var configuration = Emitter.Configuration()
    configuration.capacity = 10_000
    let recorder = Recorder()
    let emitter = Emitter([recorder], configuration: configuration)
    let busy = Step("busy") { (x: Int, step) in
      for part in 1...300 { step.progress(Double(part) / 301, "\(part)") }
      return x
    }
    let chain = Chain("c", emitter: emitter) {
      Parallel {
        busy
        busy
        busy
        busy
      }
    }
    for _ in 0..<5 { _ = try await chain.run(1) }
    await emitter.flush(within: .seconds(60))
    let events = await recorder.events.filter { $0.type.name.hasPrefix("chain.") }
    #expect(events.count == 5 * (4 * 301 + 2))
    for run in Dictionary(grouping: events, by: { $0.chain }).values {
      let fractions = run.compactMap { event -> Double? in
        if case .double(let fraction) = event.data?["fraction"] { fraction } else { nil }
      }
      #expect(fractions == fractions.sorted() && fractions.last == 1)
      #expect(run.last?.type == "chain.end")
    }
  }

  @Test func theFirstFailureCancelsTheOthers() async {
    let started = Gate()
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Parallel {
        Step("slow") { (x: Int) in
          await started.open()
          try await forever()
          return x
        }
        Step("bad") { (x: Int) -> Int in
          await started.wait()
          throw Broken()
        }
      }
    }
    await #expect { try await chain.run(1) } throws: {
      let error = $0 as? ChainError
      return error?.code == .failed && error?.step == "bad"
    }
    let errors = await fixture.events().filter { $0.phase == .error }
    #expect(errors.map { $0.data?["reason"] } == ["failed", "cancelled", "failed"])
    #expect(errors.last?.type == "chain.error" && errors.last?.data?["step_name"] == "bad")
  }

  @Test func theSameForEveryElement() async throws {
    let most = Locked((now: 0, most: 0))
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Step.each("square", atMost: 3) { (x: Int) in
        most.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        await Task.yield()
        most.withLock { $0.now -= 1 }
        return x * x
      }
    }
    #expect(try await chain.run(Array(1...10)) == [1, 4, 9, 16, 25, 36, 49, 64, 81, 100])
    #expect(try await chain.run([]) == [])
    #expect(most.withLock { $0.most } <= 3)
    let parts = await fixture.chainEvents().filter { $0.type == "chain.progress" }
    #expect(parts.count == 9)
  }

  @Test func anElementThatFailsEndsTheStep() async {
    let chain = Chain("c", emitter: fixture.emitter, options: fixture.options) {
      Step.each("half", atMost: 2) { (x: Int) -> Int in
        if x == 3 { throw Broken() }
        return x / 2
      }
    }
    await #expect(throws: ChainError.self) { try await chain.run([1, 2, 3, 4]) }
    #expect(await fixture.chainEvents().last?.type == "chain.error")
  }
}
