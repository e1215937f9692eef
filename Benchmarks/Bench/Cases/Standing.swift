import BenchCore

extension Case {
  static let memory = Case(
    name: "memory",
    method: "Resident memory when idle, and what a viewer adds that has nothing to see (2000 of them)."
  ) { bench in
    let server = try bench.signalbox()
    defer { server.stop() }
    Clock.sleep(0.5)
    bench.add("idle", ProcessTable.kilobytes(server.child.pid, "VmRSS") / 1024, "MB", goal: 30, .lower)
    let live = "/v1/live?type=bench."
    _ = try Load(
      "fanout", ["port": server.port, "viewers": 200, "rate": 20, "seconds": 1, "subscribe": live]
    ).run()
    let quiet = try quiet(server, viewers: 2000, seconds: 1)
    bench.add(
      "a quiet viewer", try (quiet["rss_quiet_kb"] - quiet["rss_before_kb"]) / 2000, "kB", goal: 4, .lower)
  }

  static let idle = Case(
    name: "idle",
    method: "10 000 viewers that have nothing to see, over two keep-alives: memory and CPU of each."
  ) { bench in
    let server = try bench.signalbox()
    defer { server.stop() }
    let viewers = bench.options.isQuick ? 2000 : 10_000
    bench.progress("\(viewers) viewers")
    let quiet = try quiet(server, viewers: viewers, seconds: bench.options.isQuick ? 2 : 21)
    let count = Double(viewers)
    bench.add(
      "memory, \(viewers) viewers", try (quiet["rss_quiet_kb"] - quiet["rss_before_kb"]) / count,
      "kB a viewer", .lower)
    bench.add(
      "CPU, \(viewers) viewers", try quiet["server_cpu"] * 1e6 / count, "µs a second and viewer", .lower)
    bench.add("peak memory", ProcessTable.kilobytes(server.child.pid, "VmHWM") / 1024, "MB", .lower)
  }

  static let start = Case(
    name: "start", method: "From the start of the program until it says that it listens; what the program is."
  ) { bench in
    let count = bench.options.isQuick ? 1 : max(5, bench.rounds)
    var (fresh, again): ([Double], [Double]) = ([], [])
    for _ in 0..<count {
      let server = try bench.signalbox()
      fresh.append(server.startMilliseconds)
      server.stop()
    }
    let folder = try bench.newFolder() + "/data"
    bench.progress("filling a log")
    let filled = try Server(signalbox: folder)
    _ = try Load("post", ["port": filled.port, "connections": 4, "batch": 500, "seconds": bench.seconds])
      .run()
    filled.stop()
    for _ in 0..<count {
      let server = try Server(signalbox: folder)
      again.append(server.startMilliseconds)
      server.stop()
    }
    bench.add("to ready, new log", fresh, "ms", goal: 100, .lower)
    bench.add("to ready, a log of 10^6 events", again, "ms", goal: 100, .lower)
    bench.add("size of the program", Double(Files.size(Machine.program) ?? 0) / 1e6, "MB", goal: 25, .lower)
    let linked = try Child.run(["ldd", Machine.program]).split(separator: "\n")
    bench.add(
      "ICU libraries linked", Double(linked.count { $0.contains("libicu") || $0.contains("Foundation") }),
      "libraries",
      goal: 0, .lower)
  }

  static let reconnect = Case(
    name: "reconnect",
    method:
      "5000 viewers lose their connections, 20 events come, all return at once behind the last position each has."
  ) { bench in
    let viewers = bench.options.isQuick ? 1000 : 5000
    var (times, wrong, peaks): ([Double], Double, [Double]) = ([], 0, [])
    for round in 1...bench.rounds {
      bench.progress("round \(round) of \(bench.rounds)")
      let server = try bench.signalbox()
      defer { server.stop() }
      let answer = try Load("reconnect", ["port": server.port, "viewers": viewers, "events": 20]).run()
      times.append(try answer["caught_up_ms"])
      wrong += try answer["lost"] + answer["twice"]
      peaks.append(ProcessTable.kilobytes(server.child.pid, "VmHWM") / 1024)
    }
    bench.add("\(viewers) viewers at once: until all have caught up", times, "ms", .lower)
    bench.add("\(viewers) viewers at once: lost or twice", wrong, "deliveries", goal: 0, .lower)
    bench.add("\(viewers) viewers at once: peak memory", peaks, "MB", .lower)
  }

  private static func quiet(_ server: Server, viewers: Int, seconds: Double) throws(Failure) -> Load.Answer {
    try Load(
      "fanout",
      [
        "port": server.port, "viewers": viewers, "rate": 0.01, "seconds": seconds, "warm": 0,
        "pids": server.pids,
        "subscribe": "/v1/live?type=never.",
      ]
    ).run()
  }
}
