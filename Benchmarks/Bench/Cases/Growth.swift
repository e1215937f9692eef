import BenchCore

extension Case {
  static let growth = Case(
    name: "growth",
    method: """
      What becomes of the figures as one thing grows: viewers (saturated, and at 20 events a second for the 99th \
      percentile), producers, streams through the gateway, events in the log.
      """
  ) { bench in
    try viewers(bench)
    try producers(bench)
    try streams(bench)
    try history(bench, counts: bench.options.isQuick ? [10_000] : [10_000, 100_000, 1_000_000])
  }

  /// Ten times more, until ten million.
  static let events = Case(
    name: "events", method: "As growth's events in the log, up to ten million.", isLong: true
  ) { bench in
    try history(bench, counts: bench.options.isQuick ? [10_000] : [10_000, 100_000, 1_000_000, 10_000_000])
  }

  private static func viewers(_ bench: Bench) throws(Failure) {
    let server = try bench.signalbox()
    defer { server.stop() }
    for viewers in bench.options.isQuick ? [10, 1000] : [10, 100, 1000, 10_000] {
      let ours = Contestant(
        name: "signalbox", server: server, options: [("subscribe", "/v1/live?type=bench.")])
      let label = "\(viewers) viewers"
      let full = try bench.alternate(
        "\(label), saturated", [ours], rounds: 1,
        Load("fanout", ["viewers": viewers, "window": 512, "seconds": bench.seconds, "warm": 0.5]))[
          "signalbox"]
      bench.add(
        "\(label), saturated", try bench.values("delivered_per_cpu_s", full), "deliveries/CPU-s", .higher)
      let calm = try bench.alternate(
        "\(label), 20 events/s", [ours], rounds: 1,
        Load("fanout", ["viewers": viewers, "rate": 20, "seconds": max(2, bench.seconds)]))["signalbox"]
      bench.add("\(label), 20 events/s: p99", try bench.values("latency_p99_us", calm), "µs", .lower)
      let lost = try bench.values("lost", full) + bench.values("lost", calm)
      bench.add("\(label): lost", lost.reduce(0, +), "deliveries", goal: 0, .lower)
    }
  }

  private static func producers(_ bench: Bench) throws(Failure) {
    for producers in [1, 4, 16, 64] {
      let server = try bench.signalbox(core: nil)
      defer { server.stop() }
      bench.progress("\(producers) producers")
      let answer = try Load(
        "post",
        [
          "port": server.port, "connections": producers, "batch": 100, "seconds": bench.seconds,
          "pids": server.pids,
        ]
      ).run(core: nil)
      let label = "\(producers) producer\(producers > 1 ? "s" : ""), batches of 100"
      bench.add(label, try answer["events_per_s"], "events/s", .higher)
      bench.add("\(label): answer, p99", try answer["answer_p99_us"], "µs", .lower)
    }
  }

  private static func streams(_ bench: Bench) throws(Failure) {
    let upstream = try bench.upstream()
    defer { upstream.stop() }
    let server = try bench.signalbox("--upstream", "openai=http://127.0.0.1:\(upstream.port)")
    defer { server.stop() }
    for streams in [1, 8, 64, 512] {
      let ours = Contestant(
        name: "signalbox", server: server, options: [("path", "/openai/v1/chat/completions?paced")])
      let label = "\(streams) gateway stream\(streams > 1 ? "s" : "")"
      let answers = try bench.alternate(
        label, [ours], rounds: 1, Load("calls", ["concurrency": streams, "seconds": max(3, bench.seconds)]))[
          "signalbox"]
      bench.add("\(label): CPU", try bench.values("server_cpu", answers), "cores", .lower)
      bench.add("\(label): a chunk's way, p99", try bench.values("transit_p99_us", answers), "µs", .lower)
    }
  }

  /// The same log, filled further and further.
  private static func history(_ bench: Bench, counts: [Double]) throws(Failure) {
    let folder = try bench.newFolder() + "/data"
    let server = try Server(signalbox: folder, core: nil)
    defer { server.stop() }
    var stored = 0.0
    for count in counts {
      bench.progress("filling the log with \(count.short) events")
      while stored < count {
        // A steady rate ends near the number that is wanted.
        let rate = min(250_000, max(5000, (count - stored) / 2))
        let seconds = min(10, max(0.5, (count - stored) / rate))
        let answer = try Load(
          "post",
          ["port": server.port, "connections": 8, "batch": 100, "seconds": seconds, "warm": 0, "rate": rate]
        ).run(core: nil)
        stored += try answer["events_per_s"] * seconds
      }
      let size = Double(Files.all(in: folder).reduce(0) { $0 + (Files.size($1) ?? 0) })
      let reads = try Reads(server, traces: 50)
      let times = try reads.traceTimes()
      bench.add("\(count.short) events: a trace, over HTTP, p50", times.median, "µs", .lower)
      if count >= 1_000_000 {
        bench.add("\(count.short) events: on disk, not merged", size / stored, "bytes an event")
      }
      bench.add(
        "\(count.short) events: memory", ProcessTable.kilobytes(server.child.pid, "VmRSS") / 1024, "MB",
        .lower)
    }
  }
}
