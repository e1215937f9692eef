/// A server under measurement, in a folder of its own, on the server's core unless told otherwise.
final class Server {
  let child: Child
  let port: Int
  /// Milliseconds from the start to ready, where the program says so itself.
  private(set) var startMilliseconds = 0.0

  init(
    _ command: [String], port: Int, name: String, core: Int? = Machine.serverCore, folder: String? = nil,
    environment: [String: String] = [:], patience: Double = 15
  ) throws(Failure) {
    self.port = port
    let log = Machine.log(name)
    child = try Child(command, core: core, folder: folder, environment: environment, log: log)
    try Peer.untilListening(port, child, patience: patience, log: log)
  }

  /// Signalbox, which takes a free port and says which.
  init(
    signalbox data: String, _ arguments: [String] = [], core: Int? = Machine.serverCore,
    environment: [String: String] = [:]
  ) throws(Failure) {
    let began = Clock.now
    child = try Child(
      [Machine.program, "serve", "--listen", "127.0.0.1:0", "--data", data] + arguments, core: core,
      environment: environment, readsOutput: true, log: Machine.log("signalbox"))
    var port: Int?
    while port == nil, let line = child.readLine() {
      guard let place = line.firstRange(of: " listening on http://") else { continue }
      port = line[place.upperBound...].split(separator: " ").first?.split(separator: ":").last.flatMap {
        Int($0)
      }
    }
    startMilliseconds = (Clock.now - began) * 1000
    guard let port else { throw Failure("signalbox did not start.\(Files.tail(Machine.log("signalbox")))") }
    self.port = port
  }

  /// Those whose CPU counts, as the load clients take them.
  var pids: String { ProcessTable.family(child.pid).map(String.init).joined(separator: ",") }

  func stop() { child.stop() }
}
