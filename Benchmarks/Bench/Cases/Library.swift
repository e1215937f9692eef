import BenchCore

extension Case {
  static let library = Case(
    name: "library",
    method:
      "The library's own costs on one core: reading replies, processing events, streaming through the client, reading JSON in pieces."
  ) { bench in
    let count = bench.options.isQuick ? "40000" : "400000"
    for figure in try bench.program("DecodeBench", count) {
      if figure.unit == "deltas/s" {
        let goal = figure.name.contains("every event parsed") ? nil : 1e6
        bench.add("read \(figure.name)", figure.value, figure.unit, goal: goal, .higher)
      } else {
        bench.add("read \(figure.name)", figure.value, figure.unit, .lower)
      }
    }
    for figure in try bench.program("StreamBench", count) {
      if figure.unit == "events/s" {
        let goal = figure.name == "filter, transform" || figure.name == "filter by predicate" ? 1e6 : nil
        bench.add("process: \(figure.name)", figure.value, figure.unit, goal: goal, .higher)
      } else {
        bench.add(figure.name, figure.value, figure.unit, goal: 1000, .lower)
      }
    }
    for figure in try bench.program("ClientBench", bench.options.isQuick ? "20000" : "200000") {
      bench.add(figure.name, figure.value, figure.unit, goal: 2, .lower)
    }
    for figure in try bench.program(
      "LogBench", "throughput", bench.options.isQuick ? "50000" : "400000", core: nil)
    {
      bench.add(figure.name, figure.value, figure.unit, figure.unit == "events/s" ? .higher : .lower)
    }
    for figure in try bench.program("JSONBench", "256") {
      bench.add(figure.name, figure.value, figure.unit, .lower)
    }
  }

  static let app = Case(
    name: "app",
    method: """
      What an app pays in its own process: CPU and allocations of the calling thread for an emit, a signal, a span and \
      an instrumented call; frames of a chain and tool calls over the sockets of a server in that process; redaction.
      """
  ) { bench in
    let quick = bench.options.isQuick
    let goals: [String: Double] = [
      "emit, 8 tasks": 500, "emit: allocations": 2, "instrumented call, beyond its events": 2000,
      "signal with 10 receivers": 5000,
    ]
    for figure in try bench.repeated(
      "EmitBench", [bench.built("EmitBench"), "8", quick ? "20000" : "200000"], core: nil)
    {
      bench.add(figure.name, figure.values, figure.unit, goal: goals[figure.name], .lower)
    }
    for figure in try bench.repeated(
      "RedactBench", [bench.built("RedactBench"), quick ? "4" : "32"], core: Machine.serverCore)
    {
      bench.add(
        "redaction, \(figure.name)", figure.values, figure.unit,
        goal: figure.name.hasSuffix("whole") ? 100 : nil, .higher)
    }
    for figure in try bench.repeated(
      "SocketBench", [bench.built("SocketBench"), "\(bench.newFolder())/data"], core: nil, rounds: 1)
    {
      switch figure.name {
      case "chain of 3000: steps that arrived":
        bench.add(figure.name, figure.values, figure.unit, goal: 3000, .higher)
      case "tool call to frame beside a stalled client, p99":
        bench.add(figure.name, figure.values, figure.unit, goal: 5, .lower)
      case let name where figure.unit == "frames/s":
        bench.add(name, figure.values, figure.unit, goal: name.contains("200000") ? 50_000 : nil, .higher)
      default: bench.add(figure.name, figure.values, figure.unit)
      }
    }
  }

  static let spans = Case(
    name: "spans",
    method:
      "A span with three attributes on the caller's thread: withSpan in Swift, opentelemetry-sdk and streamll in Python.",
    isLong: true
  ) { bench in
    let ours = try bench.repeated(
      "EmitBench", [bench.built("EmitBench"), "1", "100000"], core: Machine.serverCore)
    guard let span = ours.first(where: { $0.name == "withSpan with three attributes" }) else {
      throw Failure("EmitBench does not say what a span costs")
    }
    bench.add("signalbox: withSpan", span.values, span.unit, .lower)
    for (name, program) in [("opentelemetry", "otel_span.py"), ("streamll", "streamll_tokens.py")] {
      do {
        let python = try bench.interpreter(name)
        let command = [
          python, "\(Machine.root)/Benchmarks/peers/\(program)", bench.options.isQuick ? "2000" : "50000",
        ]
        for figure in try bench.repeated(name, command, core: Machine.serverCore) {
          bench.add("\(name): \(figure.name)", figure.values, figure.unit)
          if figure.name.hasPrefix("span") {
            bench.add(
              "\(name): \(figure.name), ratio to ours", Spread.ratios(figure.values, to: span.values), "×",
              .higher)
          }
        }
      } catch { bench.absent(name, "\(error)") }
    }
  }
}

extension Bench {
  /// A program of `Benchmarks/`.
  func built(_ name: String) throws(Failure) -> String {
    let program = "\(Machine.root)/.build/release/\(name)"
    guard Files.isExecutable(program) else { throw Failure("\(name) is not built: Benchmarks/run builds it") }
    return program
  }

  /// The figures that such a program prints, on the server's core.
  func program(_ name: String, _ arguments: String..., core: Int? = Machine.serverCore) throws(Failure)
    -> [FigureLine]
  {
    progress(name)
    return FigureLine.all(in: try Child.run([built(name)] + arguments, core: core, log: Machine.log(name)))
  }

  /// The figures that a command prints, run as often as there are rounds; in the order in which it prints them.
  func repeated(
    _ name: String, _ command: [String], core: Int?, rounds: Int? = nil
  ) throws(Failure) -> [(name: String, values: [Double], unit: String)] {
    var found: [(name: String, values: [Double], unit: String)] = []
    for round in 1...(rounds ?? self.rounds) {
      progress("\(name), round \(round) of \(rounds ?? self.rounds)")
      let output = try Child.run(command, core: core, log: Machine.log(name))
      for line in FigureLine.all(in: output) {
        if let place = found.firstIndex(where: { $0.name == line.name }) {
          found[place].values.append(line.value)
        } else {
          found.append((line.name, [line.value], line.unit))
        }
      }
    }
    return found
  }
}
