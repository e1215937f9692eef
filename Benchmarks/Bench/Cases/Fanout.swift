import BenchCore

extension Case {
  static let fanout = Case(
    name: "fanout",
    method: """
      Deliveries per second of the server's CPU, one publisher and many WebSocket viewers; saturated means that 512 \
      events are always under way, and what Signalbox delivers was stored before.
      """
  ) { bench in
    let signalbox = try bench.signalbox()
    defer { signalbox.stop() }
    var contestants = [
      Contestant(
        name: "signalbox", server: signalbox,
        options: [("protocol", "ws"), ("subscribe", "/v1/live?type=bench."), ("publish", "/v1/ingest")])
    ]
    let socket = [("protocol", "ws"), ("subscribe", "/subscribe"), ("publish", "/publish")]
    let peers: [(String, [(String, String)], () throws(Failure) -> Server)] = [
      ("nchan", socket, { () throws(Failure) in try bench.nginx("nchan.conf") }),
      ("redis", [("protocol", "resp")], { () throws(Failure) in try bench.redis() }),
      ("nats", [("protocol", "nats")], { () throws(Failure) in try bench.nats() }),
      (
        "websockets", socket, { () throws(Failure) in try bench.python("websockets", "websockets_server.py") }
      ),
      ("channels", socket, { () throws(Failure) in try bench.python("channels", "channels_server.py") }),
    ]
    for (name, options, start) in peers {
      guard let server = bench.peer(name, start) else { continue }
      contestants.append(Contestant(name: name, server: server, options: options))
    }
    defer { for contestant in contestants { contestant.server.stop() } }
    for (label, viewers, window, goal) in shapes {
      // Servers in Python take part where a hundred watch: more is a matter of minutes for them.
      let taking = contestants.filter { viewers == 100 || !["websockets", "channels"].contains($0.name) }
      let load = Load(
        "fanout", ["viewers": viewers, "window": window, "seconds": bench.seconds, "warm": 0.5])
      let found = try bench.alternate(label, taking, load)
      var perCPU: [String: [Double]] = [:]
      for contestant in taking {
        guard let answers = found[contestant.name] else { continue }
        let values = try bench.values("delivered_per_cpu_s", answers)
        perCPU[contestant.name] = values
        bench.add(
          "\(label): \(contestant.name)", values, "deliveries/CPU-s", contestant.isOurs ? .higher : .neither)
      }
      let ours = perCPU["signalbox"] ?? []
      let best = Spread.best(["nchan", "redis"].compactMap { perCPU[$0] })
      bench.add(
        "\(label): ratio to the better of nchan, Redis", Spread.ratios(ours, to: best), "×", goal: goal,
        .higher)
      for peer in ["nats", "websockets", "channels"] {
        guard let theirs = perCPU[peer] else { continue }
        bench.add("\(label): ratio to \(peer)", Spread.ratios(ours, to: theirs), "×", .higher)
      }
      let lost = try zip(bench.values("lost", found["signalbox"]), bench.values("dead", found["signalbox"]))
        .map(+)
      bench.add("\(label): lost", lost.reduce(0, +), "deliveries", goal: 0, .lower)
    }
  }

  private static let shapes: [(String, Int, Int, Double)] = [
    ("100 viewers, one at a time", 100, 1, 1.3), ("1 viewer, saturated", 1, 512, 3),
    ("100 viewers, saturated", 100, 512, 3), ("1000 viewers, saturated", 1000, 512, 3),
  ]

  static let latency = Case(
    name: "latency",
    method: "From publishing on /v1/ingest, through the log, to the viewer: 50 events a second."
  ) { bench in
    let server = try bench.signalbox()
    defer { server.stop() }
    let ours = Contestant(name: "signalbox", server: server, options: [("subscribe", "/v1/live?type=bench.")])
    for (viewers, goal) in [(1, 1000.0), (500, 5000.0)] {
      let label = "\(viewers) viewer\(viewers > 1 ? "s" : ""), 50 events/s"
      let load = Load("fanout", ["viewers": viewers, "rate": 50, "seconds": max(bench.seconds, 4)])
      let runs = try bench.alternate(label, [ours], load)["signalbox"]
      bench.add("\(label): p50", try bench.values("latency_p50_us", runs), "µs", .lower)
      bench.add("\(label): p99", try bench.values("latency_p99_us", runs), "µs", goal: goal, .lower)
    }
  }
}
