import BenchCore

extension Case {
  static let allocations = Case(
    name: "allocations",
    method: """
      Calls of the allocator by the whole server, counted by a preloaded library: an event that is decoded and stored, \
      and a frame that is delivered to one viewer more.
      """
  ) { bench in
    let stored = try counted(bench) { server throws(Failure) in
      let answer = try Load(
        "post", ["port": server.port, "connections": 4, "batch": 500, "seconds": 1, "warm": 0]
      ).run()
      return try answer["events_per_s"]
    }
    bench.add("decode and store, batches of 500", stored, "allocations an event", .lower)
    let delivered = try counted(bench) { server throws(Failure) in
      let answer = try Load(
        "fanout",
        [
          "port": server.port, "viewers": 100, "window": 512, "seconds": 1, "warm": 0,
          "subscribe": "/v1/live?type=bench.",
        ]
      ).run()
      return try answer["delivered_per_s"]
    }
    bench.add("store, frame and deliver, 100 viewers saturated", delivered, "allocations a delivery", .lower)
  }

  /// Allocations of a server for each of what is done in a second.
  private static func counted(
    _ bench: Bench, _ work: (Server) throws(Failure) -> Double
  ) throws(Failure) -> [Double] {
    var values: [Double] = []
    for round in 1...bench.rounds {
      bench.progress("round \(round) of \(bench.rounds)")
      let file = try bench.newFolder() + "/count"
      try Files.write(file, [UInt8](repeating: 0, count: 8))
      let server = try bench.signalbox(
        environment: ["LD_PRELOAD": Machine.built + "/counted.so", "SIGNALBOX_COUNTED": file])
      defer { server.stop() }
      let before = count(file)
      let done = try work(server)
      guard done > 0, before > 0 else { throw Failure("nothing was counted") }
      values.append((count(file) - before) / done)
    }
    return values
  }

  private static func count(_ file: String) -> Double {
    (Files.read(file) ?? []).prefix(8).reversed().reduce(0) { $0 * 256 + Double($1) }
  }
}
