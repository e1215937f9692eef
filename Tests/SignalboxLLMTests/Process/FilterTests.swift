import SignalboxLLM
import Testing

struct FilterTests {
  static let all: [StreamEvent] = [
    Events.start(), Events.delta("a"), Events.usage(output: 1), Events.restart(from: 0), Events.complete(),
    Events.error(),
  ]

  private func passed(_ filter: Filter) throws -> [String] {
    try Self.all.filter { try filter.matches($0) }.map(\.type)
  }

  @Test func byType() throws {
    #expect(try passed(Filter()).count == 6)
    #expect(try passed(Filter(types: "llm.delta", "llm.usage")) == ["llm.delta", "llm.usage"])
    #expect(try passed(Filter(types: "llm.")).count == 6)
    #expect(try passed(Filter(types: "llm.e")) == ["llm.end", "llm.error"])
    #expect(try passed(Filter(types: "tool.start")).isEmpty)
  }

  @Test func byProviderInAnyCase() throws {
    let event = Events.delta("a", provider: "OpenAI")
    #expect(try Filter(providers: ["openai"]).matches(event))
    #expect(try Filter(providers: ["anthropic", "OPENAI"]).matches(event))
    #expect(try !Filter(providers: ["openai2"]).matches(event))
    #expect(try !Filter(providers: ["open"]).matches(event))
  }

  @Test func byModel() throws {
    let event = Events.delta("a", model: "gpt-4o-mini")
    #expect(try Filter(models: ["gpt-4o-mini"]).matches(event))
    #expect(try Filter(models: ["gpt-4o*"]).matches(event))
    #expect(try !Filter(models: ["gpt-4o"]).matches(event))
    #expect(try !Filter(models: ["GPT-4o*"]).matches(event))
  }

  @Test func byChannelConcernsDeltasAlone() throws {
    let filter = Filter(channels: [.text])
    #expect(try filter.matches(Events.delta("a")))
    #expect(try !filter.matches(Events.delta("a", channel: .reasoning)))
    #expect(try filter.matches(Events.start()))
  }

  @Test func whatIsGivenNarrows() throws {
    let filter = Filter(types: "llm.delta", providers: ["openai"], models: ["gpt-4o"])
    #expect(try filter.matches(Events.delta("a")))
    #expect(try !filter.matches(Events.start()))
    #expect(try !filter.matches(Events.delta("a", provider: "xai")))
  }

  @Test func joined() throws {
    let long = Filter { ($0.text?.count ?? 0) > 2 }
    let openAI = Filter(providers: ["openai"])
    let short = Events.delta("ab")
    let other = Events.delta("abc", provider: "xai")
    #expect(try !long.and(openAI).matches(short))
    #expect(try !long.and(openAI).matches(other))
    #expect(try long.and(openAI).matches(Events.delta("abc")))
    #expect(try long.or(openAI).matches(short))
    #expect(try long.or(openAI).matches(other))
    #expect(try !long.or(openAI).matches(Events.delta("ab", provider: "xai")))
    #expect(try long.not.matches(short))
    #expect(try long.not.and(openAI.not).matches(Events.delta("ab", provider: "xai")))
  }

  @Test func anErrorReachesThePipeline() async {
    let problems = Kept<String>()
    let failing = Filter { _ in throw TestError() }
    let report = { @Sendable (problem: PipelineProblem) in problems.add("\(problem.stage): \(problem.error)")
    }
    let pipeline = Pipeline(onProblem: report) {
      Filter(types: "llm.delta").and(failing).or(failing)
    }
    #expect(await pipeline.process(Events.delta("a"))?.type == nil)
    #expect(pipeline.counts.stages[0].dropped == 1)
    #expect(pipeline.counts.stages[0].failures == 1)
    #expect(problems.all == ["Filter: TestError(name: \"test\")"])
  }
}
