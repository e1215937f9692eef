import Signalbox
import SignalboxTesting
import Testing

/// The examples of `docs/chains.md`, in their order.
@Suite(.timeLimit(.minutes(5)))
struct ChainExamplesTests {
  private func pages(of url: String) async throws -> [String] { ["one", "two"] }
  private func index(_ page: String) async throws {}
  private func fetch(_ url: String) async throws -> String { throw NoSuchPage() }

  private struct NoSuchPage: Error, CustomStringConvertible { let description = "no such page" }

  @Test func aChain() async throws {
    let chain = Chain("summarise") {
      Step("load") { (url: String, step) in
        step.progress(0.5, "half of the pages")
        return try await pages(of: url)
      }
      Step("count") { (pages: [String]) in pages.count }
    }
    let count = try await chain.run("https://example.org/", id: "42")
    #expect(count == 2)
  }

  @Test func aStepThatTakesLong() async throws {
    let recorder = Recorder()
    let emitter = Emitter([recorder])
    let chain = Chain("index", emitter: emitter) {
      Step("index") { (pages: [String], step) in
        for (number, page) in pages.enumerated() {
          try await index(page)
          step.progress(Double(number + 1) / Double(pages.count), page)  // from 0 to 1, with a message
          step.partial(["indexed": number + 1])  // what there is so far
        }
        return pages
      }
    }
    #expect(try await chain.run(["a", "b"]) == ["a", "b"])
    await emitter.flush(within: .seconds(60))
    let progress = await recorder.events.filter { $0.type == "chain.progress" }
    #expect(progress.map { $0.data?["message"]?.string } == ["a", nil, "b", nil])
    #expect(progress.last?.data?["result"] == ["indexed": 2])
  }

  @Test func branches() async throws {
    let answer = Chain("answer") {
      Branch("route") { (question: String) in
        question.count > 20 ? "deep" : "quick"
      } cases: {
        Case("quick") { Step("reply") { (question: String) in "quick: " + question } }
        Case("deep") {
          Step("research") { (question: String) in [question, "and more"] }
          Step("write") { (notes: [String]) in "deep: " + notes.joined(separator: ", ") }
        }
      }
      Branch("too long", if: { (text: String) in text.count > 40 }) {
        Step("shorten") { (text: String) in String(text.prefix(40)) }
      }
    }
    #expect(try await answer.run("Why?") == "quick: Why?")
    #expect(try await answer.run("Why is the sky blue at noon?").count == 40)
  }

  @Test func atTheSameTime() async throws {
    let report = Chain("report") {
      Parallel {
        Step("words") { (text: String) in text.split(separator: " ").count }
        Step("letters") { (text: String) in text.count }
      }
      Step("write") { (counts: (Int, Int)) in "\(counts.0) words, \(counts.1) letters" }
    }
    let lengths = Chain("lengths") {
      Step.each("measure", atMost: 4) { (page: String) in page.count }
    }
    #expect(try await report.run("Good morning") == "2 words, 12 letters")
    #expect(try await lengths.run(["a", "bcd"]) == [1, 3])
  }

  @Test func retriesErrorsAndAStopButton() async {
    let careful = Chain("careful") {
      Step("fetch") { (url: String) in try await fetch(url) }
        .timeout(.seconds(10))  // each attempt
        .retry(3, backoff: Backoff(base: .milliseconds(1)))
    }
    do {
      _ = try await careful.run("https://example.org/")
    } catch {
      print(error.code, error.step ?? "", error.message)  // failed fetch no such page
      #expect(error.message == "no such page" && error.attempts == 3)
    }

    let run = careful.start("https://example.org/", id: "7")  // in a task of its own
    run.cancel()  // from anywhere
    let page = try? await run.value
    #expect(page == nil)
  }

  @Test func whatIsTold() async throws {
    var options = ChainOptions()
    options.capturesContent = false  // structure and timing only
    options.patience = .seconds(5)
    let discreet = Chain("discreet", options: options) {
      Step("diagnose") { (note: String) in note.count }
    }
    #expect(try await discreet.run("My leg hurts") == 12)
  }
}
