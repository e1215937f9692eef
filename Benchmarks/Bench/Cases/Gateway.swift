import BenchCore

extension Case {
  static let gateway = Case(
    name: "gateway",
    method: """
      Streams of 64 chunks through the gateway, through nginx and without a proxy, in turns: what is added to the time \
      to the first chunk, stalls, and CPU a request.
      """
  ) { bench in
    let upstream = try bench.upstream()
    defer { upstream.stop() }
    let ways = try Ways(bench, upstream, path: "/v1/chat/completions", name: "openai")
    defer { ways.stop() }
    let slow = bench.options.isQuick ? bench.seconds : max(4, bench.seconds)
    try ways.added(
      "one at a time", goals: (200, 400), paced: false,
      ["concurrency": 1, "seconds": bench.seconds, "warm": 0.5])
    try ways.added(
      "512 paced streams", goals: (400, 1500), paced: true, ["concurrency": 512, "seconds": slow])

    let many = try bench.alternate(
      "1024 paced streams", ways.contestants(paced: true), rounds: 1,
      Load("calls", ["concurrency": 1024, "seconds": slow]))
    for name in ways.names {
      guard let answer = many[name]?.first else { continue }
      let isOurs = name == "signalbox"
      bench.add(
        "1024 paced streams: \(name), stalls over 200 ms", try answer["stalled"] + answer["failed"],
        "streams",
        goal: isOurs ? 0 : nil, isOurs ? .lower : .neither)
    }
    bench.add(
      "1024 paced streams: signalbox, CPU", try bench.values("server_cpu", many["signalbox"]), "cores", .lower
    )

    let busy = try bench.alternate(
      "64 chunks at once", ways.contestants(paced: false),
      Load("calls", ["concurrency": 16, "seconds": bench.seconds, "warm": 0.5]))
    let ours = try bench.values("cpu_us_per_request", busy["signalbox"])
    let theirs = try bench.values("cpu_us_per_request", busy["nginx"])
    bench.add("64 chunks at once: nginx", theirs, "µs CPU a request")
    bench.add("64 chunks at once: signalbox", ours, "µs CPU a request", .lower)
    bench.add("64 chunks at once: CPU, ratio to nginx", Spread.ratios(ours, to: theirs), "×", goal: 2, .lower)
  }

  static let formats = Case(
    name: "formats",
    method:
      "What the gateway and nginx add to the first piece of text of every format, one call at a time, 64 pieces at once."
  ) { bench in
    for format in Reply.all {
      let file = try bench.newFolder() + "/" + format.name
      try Files.write(file, format.body)
      let port = try Peer.freePort()
      let upstream = try Server(
        ["\(Machine.built)/upstream", "--port", "\(port)", "--reply", file, "--type", format.media],
        port: port,
        name: "upstream", core: Machine.clientCore)
      defer { upstream.stop() }
      let ways = try Ways(bench, upstream, path: format.path, name: "llm")
      defer { ways.stop() }
      try ways.added(
        format.name, goals: (200, nil), paced: false,
        ["concurrency": 1, "mark": Reply.mark, "seconds": min(1, bench.seconds), "warm": 0.3])
      let told = String(
        decoding: try Peer(port: ways.signalbox.port).get("/v1/events?type=llm.end&limit=1"), as: UTF8.self)
      guard told.contains("llm.end") else { throw Failure("no call in format \(format.name) was told") }
    }
  }
}

/// The ways to an upstream: without a proxy, through nginx, through Signalbox.
struct Ways {
  let bench: Bench
  let upstream: Server
  let nginx: Server?
  let signalbox: Server
  let path: String
  let name: String

  init(_ bench: Bench, _ upstream: Server, path: String, name: String) throws(Failure) {
    self.bench = bench
    self.upstream = upstream
    self.path = path
    self.name = name
    signalbox = try bench.signalbox("--upstream", "\(name)=http://127.0.0.1:\(upstream.port)")
    nginx = bench.peer("nginx") { () throws(Failure) in
      try bench.nginx("proxy.conf", ["UPSTREAM": upstream.port])
    }
  }

  var names: [String] { ["direct", "nginx", "signalbox"] }

  func contestants(paced: Bool) -> [Contestant] {
    let end = paced ? "?paced" : ""
    var all = [Contestant(name: "direct", server: upstream, options: [("path", path + end)])]
    if let nginx { all.append(Contestant(name: "nginx", server: nginx, options: [("path", path + end)])) }
    all.append(Contestant(name: "signalbox", server: signalbox, options: [("path", "/\(name)\(path)\(end)")]))
    return all
  }

  /// What the proxies add to the time to the first chunk; without a second goal only the median.
  func added(
    _ label: String, goals: (Double, Double?), paced: Bool,
    _ options: KeyValuePairs<String, any CustomStringConvertible>
  ) throws(Failure) {
    let found = try bench.alternate(label, contestants(paced: paced), Load("calls", options))
    for way in ["nginx", "signalbox"] where found[way] != nil {
      for (share, goal) in [("p50", goals.0), ("p99", goals.1)] where goals.1 != nil || share == "p50" {
        let figure = "first_\(share)_us"
        let values = Spread.added(
          try bench.values(figure, found[way]), over: try bench.values(figure, found["direct"]))
        let isOurs = way == "signalbox"
        bench.add(
          "\(label): \(way) adds, \(share)", values, "µs", goal: isOurs ? goal : nil,
          isOurs ? .lower : .neither)
      }
    }
  }

  func stop() {
    signalbox.stop()
    nginx?.stop()
  }
}
