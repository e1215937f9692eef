import Wire

enum DemoCommand: Command {
  static let spec = CommandSpec(
    name: "demo", summary: "Play a believable run of an agent and a chain",
    details: """
      Nothing of it is real and no model is called: every event carries the tag demo=true. Two traces run side
      by side, with retrieval, reasoning, a tool, a rate limit, a retry and streamed answers.
      """,
    options: [
      .value("speed", "FACTOR", default: "1", "2 plays twice as fast; 0 sends everything at once"),
      .value("runs", "N", default: "1", "How often to play it"),
    ] + ServerClient.options,
    examples: [
      Example("signalbox demo", "Once, in about ten seconds."),
      Example("signalbox demo --speed 4 --runs 10", "A while, and quickly."),
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    let speed = try arguments.number("speed") ?? 1
    let runs = try arguments.integer("runs", in: 1...10_000) ?? 1
    for _ in 0..<runs { try await play(to: client, speed: speed) }
    return 0
  }

  @MainActor
  private static func play(to client: ServerClient, speed: Double) async throws {
    var random = SystemRandomNumberGenerator()
    let agent = DemoIdentity(using: &random)
    let chain = DemoIdentity(using: &random)
    Output.remark("Watch it at \(client.base)/#trace=\(agent.trace)")
    let clock = ContinuousClock()
    let start = clock.now
    let first = Timestamp.now()
    var due = DemoSchedule.merged([(agent, DemoAgent.support()), (chain, DemoChain.summary())])[...]
    while let next = due.first {
      if speed > 0 { try await Task.sleep(until: start + .milliseconds(next.at) / speed, clock: clock) }
      let passed = (clock.now - start) * max(speed, 0)
      var writer = ByteWriter(capacity: 4096)
      while let step = due.first, speed == 0 || .milliseconds(step.at) <= passed {
        due.removeFirst()
        let pace = speed == 0 ? 1 : speed
        let time = Timestamp(nanoseconds: first.nanoseconds + Int64(Double(step.at) * 1e6 / pace))
        writer.append(step.event, as: step.identity, at: time)
        writer.append("\n")
      }
      if writer.count > 0 { _ = try await client.post(lines: SharedBytes(taking: writer)) }
    }
  }
}

/// When each event of several runs is due.
struct DemoSchedule {
  struct Step: Sendable {
    /// Milliseconds since the beginning, at speed 1.
    let at: Int
    let identity: DemoIdentity
    let event: DemoEvent
  }

  /// All events in the order in which they are due; those of one run keep theirs.
  static func merged(_ runs: [(DemoIdentity, [DemoEvent])]) -> [Step] {
    var steps: [(Step, Int)] = []
    for (identity, events) in runs {
      var at = 0
      for event in events {
        at += event.wait
        steps.append((Step(at: at, identity: identity, event: event), steps.count))
      }
    }
    return steps.sorted { ($0.0.at, $0.1) < ($1.0.at, $1.1) }.map(\.0)
  }
}
