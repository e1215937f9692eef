import BenchCore

extension Case {
  static let phoenix = Case(
    name: "phoenix",
    method: """
      Spans a second in requests of 100, one after the other, until answered: Arize Phoenix takes them by OTLP over \
      HTTP, Signalbox as JSON events, a start and an end for each; and the server's CPU until then.
      """,
    isLong: true
  ) { bench in
    let python = try bench.interpreter("phoenix")
    let signalbox = try bench.signalbox()
    defer { signalbox.stop() }
    let port = try Peer.freePort()
    let phoenix = try Server(
      ["\(Machine.built)/phoenix/bin/phoenix", "serve"], port: port, name: "phoenix",
      environment: [
        "PHOENIX_PORT": "\(port)", "PHOENIX_HOST": "127.0.0.1", "PHOENIX_GRPC_PORT": "\(try Peer.freePort())",
        "PHOENIX_WORKING_DIR": try bench.newFolder(), "PHOENIX_TELEMETRY_ENABLED": "false",
      ], patience: 180)
    defer { phoenix.stop() }
    var found: [String: (rates: [Double], costs: [Double])] = [:]
    let count = bench.options.isQuick ? 1000.0 : 10_000
    for round in 1...bench.rounds {
      bench.progress("round \(round) of \(bench.rounds)")
      for (name, server, kind, path) in [
        ("phoenix", phoenix, "otlp", "/v1/traces"), ("signalbox", signalbox, "events", "/v1/events"),
      ] {
        let pids = ProcessTable.family(server.child.pid)
        let before = ProcessTable.cpuSeconds(pids)
        let output = try Child.run(
          [
            python, "\(Machine.root)/Benchmarks/peers/spans.py", kind,
            "http://127.0.0.1:\(server.port)\(path)",
            "\(Int(count))",
          ], core: Machine.clientCore, log: Machine.log("spans"))
        guard let spans = FigureLine.all(in: output).first else {
          throw Failure("no spans were sent to \(name)")
        }
        found[name, default: ([], [])].rates.append(spans.value)
        found[name]?.costs.append((ProcessTable.cpuSeconds(pids) - before) * 1e6 / count)
      }
    }
    guard let ours = found["signalbox"], let theirs = found["phoenix"] else { return }
    bench.add("phoenix", theirs.rates, "spans/s")
    bench.add("signalbox", ours.rates, "spans/s", .higher)
    bench.add("ratio to Phoenix", Spread.ratios(ours.rates, to: theirs.rates), "×", .higher)
    bench.add("phoenix: CPU until answered", theirs.costs, "µs a span")
    bench.add("signalbox: CPU until answered", ours.costs, "µs a span", .lower)
  }
}
