import BenchCore
import Signalbox

extension Case {
  static let history = Case(
    name: "history",
    method:
      "Reads of a log with ten million events (EVENTS=…), after merging, one after the other over HTTP.",
    isLong: true
  ) { bench in
    let total =
      Child.environment["EVENTS"].flatMap { Double($0) } ?? (bench.options.isQuick ? 100_000 : 10_000_000)
    let folder = try bench.newFolder() + "/data"
    let server = try Server(signalbox: folder, core: nil)
    var sent = 0.0
    let step = min(10, max(1, total / 500_000))
    while sent < total {
      bench.progress("\(sent.short) of \(total.short) events")
      sent +=
        try Load(
          "post", ["port": server.port, "connections": 8, "batch": 500, "seconds": step, "warm": 0]
        ).run(core: nil)["events_per_s"] * step
    }
    bench.add("events", sent, "events")
    bench.progress("merging")
    bench.add(
      "on disk after merging", Double(Files.settledSize(folder)) / sent, "bytes an event", goal: 45, .lower)
    let reads = try Reads(server, traces: 200)
    let sessions = try reads.sessions()
    for (label, paths, goals) in [
      ("a trace", reads.tracePaths, (600.0, 2000.0)),
      ("a session, 100 events", sessions.map { "/v1/events?limit=100&session=\($0)" }, (1000, nil)),
      ("50 traces", Array(repeating: "/v1/traces?limit=50", count: 200), (nil, nil)),
    ] as [(String, [String], (Double?, Double?))] {
      let times = try reads.times(paths.shuffled())
      bench.add("\(label), over HTTP, p50", times.median, "µs", goal: goals.0, .lower)
      bench.add("\(label), over HTTP, p99", times.p99, "µs", goal: goals.1, .lower)
    }
    server.stop()
    var cold: [Double] = []
    for path in reads.tracePaths.shuffled().prefix(5) {
      Files.forget(folder)
      let server = try Server(signalbox: folder, core: nil)
      defer { server.stop() }
      cold += try Reads.microseconds(Peer(port: server.port), [path])
    }
    bench.add("a trace, over HTTP, after a start with nothing in memory", cold, "µs", goal: 10_000, .lower)
  }
}

/// GETs on one connection, each timed.
struct Reads {
  let peer: Peer
  let traces: [String]

  /// The last traces of a server.
  init(_ server: Server, traces limit: Int) throws(Failure) {
    peer = try Peer(port: server.port)
    guard case .array(let found)? = try peer.json("/v1/traces?limit=\(limit)")["traces"] else {
      throw Failure("no traces")
    }
    traces = found.compactMap { $0["trace"]?.string }
    guard !traces.isEmpty else { throw Failure("no traces") }
  }

  var tracePaths: [String] { traces.map { "/v1/events?limit=1000&trace=\($0)" } }

  func traceTimes() throws(Failure) -> (median: Double, p99: Double) { try times(tracePaths) }

  func sessions() throws(Failure) -> [String] {
    var found: [String] = []
    for trace in traces {
      guard case .array(let events)? = try peer.json("/v1/events?trace=\(trace)&limit=1")["events"],
        let session = events.first?["session"]?.string
      else { throw Failure("trace \(trace) has no session") }
      found.append(session)
    }
    return found
  }

  /// Each is asked twice; the second counts.
  func times(_ paths: [String]) throws(Failure) -> (median: Double, p99: Double) {
    _ = try Self.microseconds(peer, paths)
    let sorted = try Self.microseconds(peer, paths).sorted()
    func at(_ share: Double) -> Double { sorted[Int(share * Double(sorted.count - 1))] }
    return (at(0.5), at(0.99))
  }

  static func microseconds(_ peer: Peer, _ paths: [String]) throws(Failure) -> [Double] {
    var times: [Double] = []
    for path in paths {
      let began = Clock.now
      _ = try peer.get(path)
      times.append((Clock.now - began) * 1e6)
    }
    return times
  }
}
