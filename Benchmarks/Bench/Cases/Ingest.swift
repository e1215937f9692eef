import BenchCore

extension Case {
  static let ingest = Case(
    name: "ingest",
    method:
      "Batches of 500 deltas posted over HTTP on 8 connections, both cores for all: answered means stored."
  ) { bench in
    for (durability, goal) in [("normal", 250_000.0), ("full", nil)] {
      var (rates, costs): ([Double], [Double]) = ([], [])
      for round in 1...bench.rounds {
        bench.progress("\(durability), round \(round) of \(bench.rounds)")
        let server = try bench.signalbox("--durability", durability, core: nil)
        defer { server.stop() }
        let answer = try Load(
          "post",
          [
            "port": server.port, "connections": 8, "batch": 500, "seconds": bench.seconds,
            "pids": server.pids,
          ]
        ).run(core: nil)
        rates.append(try answer["events_per_s"])
        costs.append(try answer["cpu_us_per_event"])
      }
      bench.add("batches of 500, \(durability)", rates, "events/s", goal: goal, .higher)
      bench.add("batches of 500, \(durability): server CPU", costs, "µs an event", .lower)
    }
  }

  static let single = Case(
    name: "single", method: "Single POSTs of 300 bytes on 64 connections, each answered when it is stored."
  ) { bench in
    var (costs, rates): ([Double], [Double]) = ([], [])
    for round in 1...bench.rounds {
      bench.progress("round \(round) of \(bench.rounds)")
      let server = try bench.signalbox()
      defer { server.stop() }
      let answer = try Load(
        "post",
        [
          "port": server.port, "connections": 64, "batch": 1, "size": 300, "seconds": bench.seconds,
          "pids": server.pids,
        ]
      ).run()
      costs.append(try answer["cpu_us_per_request"])
      rates.append(try answer["requests_per_s"])
    }
    bench.add("POST of 300 bytes, stored: CPU", costs, "µs", goal: 15, .lower)
    bench.add("POST of 300 bytes, stored", rates, "requests/s", .higher)
  }

  static let commits = Case(
    name: "commits",
    method: "20 000 events a second posted in batches of 20, with merging and checkpoints running."
  ) { bench in
    let server = try bench.signalbox(core: nil)
    defer { server.stop() }
    bench.progress("20 s")
    let answer = try Load(
      "post",
      [
        "port": server.port, "connections": 16, "batch": 20, "rate": 20_000,
        "seconds": bench.options.isQuick ? 3 : 20, "pids": server.pids,
      ]
    ).run(core: nil)
    bench.add("20 000 events/s: rate reached", try answer["events_per_s"], "events/s", .higher)
    bench.add("answer of a POST of 20, p99", try answer["answer_p99_us"], "µs", .lower)
    bench.add("answer of a POST of 20, worst", try answer["answer_max_us"], "µs")
    let metrics = String(decoding: try Peer(port: server.port).get("/metrics"), as: UTF8.self)
    let buckets = histogram("signalbox_log_commit_seconds", in: metrics)
    guard let total = buckets.last?.count, total > 0 else { throw Failure("no commit is in /metrics") }
    for (name, share, goal) in [("p99", 0.99, 0.5), ("worst", 1, 10)] {
      guard let bucket = buckets.first(where: { $0.count >= share * total }) else { continue }
      bench.add("commit, \(name) (bucket's upper bound)", bucket.bound * 1000, "ms", goal: goal, .lower)
    }
  }

  /// The cumulative buckets of a histogram, by upper bound; those of all its labels together.
  private static func histogram(_ name: String, in metrics: String) -> [(bound: Double, count: Double)] {
    var found: [Double: Double] = [:]
    for line in metrics.split(separator: "\n") where line.hasPrefix(name + "_bucket{") {
      guard let place = line.firstRange(of: "le=\""),
        let end = line[place.upperBound...].firstIndex(of: "\""),
        let count = line.split(separator: " ").last.flatMap({ Double($0) })
      else { continue }
      let text = line[place.upperBound..<end]
      found[text == "+Inf" ? .infinity : Double(text) ?? .infinity, default: 0] += count
    }
    return found.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
  }
}
