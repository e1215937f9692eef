/// The servers that Signalbox is measured beside.
extension Bench {
  func signalbox(
    _ arguments: String..., core: Int? = Machine.serverCore, environment: [String: String] = [:]
  ) throws(Failure) -> Server {
    try Server(signalbox: newFolder() + "/data", arguments, core: core, environment: environment)
  }

  /// nginx with a configuration of `Benchmarks/peers`, in which words in capitals are replaced.
  func nginx(_ configuration: String, _ values: [String: Int] = [:]) throws(Failure) -> Server {
    let folder = try newFolder()
    let port = try Peer.freePort()
    guard var text = Files.text(Machine.root + "/Benchmarks/peers/" + configuration) else {
      throw Failure("\(configuration) is missing")
    }
    for (word, value) in values.merging(["PORT": port], uniquingKeysWith: { $1 }) {
      text = text.replacing(word, with: String(value))
    }
    try Files.write(folder + "/nginx.conf", text.utf8)
    return try Server(["nginx", "-p", folder, "-c", "nginx.conf"], port: port, name: "nginx", folder: folder)
  }

  func redis() throws(Failure) -> Server {
    let port = try Peer.freePort()
    let command = [
      "redis-server", "--port", "\(port)", "--save", "", "--appendonly", "no", "--bind", "127.0.0.1",
      "--maxclients",
      "15000",
    ]
    return try Server(command, port: port, name: "redis", folder: newFolder())
  }

  func nats() throws(Failure) -> Server {
    let port = try Peer.freePort()
    return try Server(["nats-server", "-a", "127.0.0.1", "-p", "\(port)"], port: port, name: "nats")
  }

  /// A program of `Benchmarks/peers` in the environment that `peers/install` made for it.
  func python(_ environment: String, _ program: String, patience: Double = 30) throws(Failure) -> Server {
    let python = try interpreter(environment)
    let port = try Peer.freePort()
    return try Server(
      [python, "\(Machine.root)/Benchmarks/peers/\(program)", "\(port)"], port: port, name: environment,
      patience: patience)
  }

  /// The Python of a peer; a failure that says why it is not there.
  func interpreter(_ environment: String) throws(Failure) -> String {
    let python = "\(Machine.built)/\(environment)/bin/python"
    guard Files.isExecutable(python) else {
      let reason = Files.text("\(Machine.built)/\(environment).failed")?.split(whereSeparator: \.isNewline)
        .last
      throw Failure(
        "not installed: " + (reason.map(String.init) ?? "Benchmarks/peers/install"), isPeers: true)
    }
    return python
  }

  func upstream(chunks: Int = 64) throws(Failure) -> Server {
    let port = try Peer.freePort()
    return try Server(
      ["\(Machine.built)/upstream", "--port", "\(port)", "--chunks", "\(chunks)"], port: port,
      name: "upstream",
      core: Machine.clientCore)
  }
}
