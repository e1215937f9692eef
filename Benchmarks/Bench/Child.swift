import Glibc

/// A process that the harness started: its output is read, it is ended by its id.
final class Child {
  let pid: pid_t
  let command: String
  /// Its standard output, where it is wanted.
  private var output: Int32
  private var status: Int32?

  /// `core` pins it; `log` receives what is not read.
  init(
    _ arguments: [String], core: Int? = nil, folder: String? = nil, environment: [String: String] = [:],
    readsOutput: Bool = false, log: String = "/dev/null"
  ) throws(Failure) {
    let place = folder.map { ["env", "-C", $0] } ?? []
    let words = place + (core.map { ["taskset", "-c", String($0)] } ?? []) + arguments
    command = words.joined(separator: " ")
    var ends: [Int32] = [-1, -1]
    if readsOutput {
      guard pipe(&ends) == 0 else { throw Failure("no pipe") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    if readsOutput {
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    } else {
      posix_spawn_file_actions_adddup2(&actions, 2, 1)
    }
    var all = Self.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
    all.sort()
    var id: pid_t = 0
    let code = Self.withCStrings(words) { words in
      Self.withCStrings(all) { all in posix_spawnp(&id, words[0]!, &actions, nil, words, all) }
    }
    if readsOutput { close(ends[1]) }
    guard code == 0 else {
      if readsOutput { close(ends[0]) }
      throw Failure("\(words.first ?? "") cannot be started: \(String(cString: strerror(code)))")
    }
    pid = id
    output = ends[0]
  }

  deinit {
    if status == nil { stop() }
    if output >= 0 { close(output) }
  }

  var isRunning: Bool {
    if status != nil { return false }
    var code: Int32 = 0
    guard waitpid(pid, &code, WNOHANG) == pid else { return true }
    status = code
    return false
  }

  /// The next line it writes; `nil` at the end of its output.
  func readLine() -> String? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1 {
      if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
  }

  /// All it writes until its end, and how it ended.
  func finish() -> (output: String, succeeded: Bool) {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(output, &chunk, chunk.count)
      guard count > 0 else { break }
      all += chunk[..<count]
    }
    var code: Int32 = 0
    if status == nil, waitpid(pid, &code, 0) == pid { status = code }
    return (String(decoding: all, as: UTF8.self), status == 0)
  }

  /// Asks it to end, and ends it after ten seconds.
  func stop() {
    guard isRunning else { return }
    kill(pid, SIGTERM)
    let limit = Clock.now + 10
    while isRunning {
      if Clock.now > limit { kill(pid, SIGKILL) }
      usleep(5000)
    }
  }

  /// Runs a command to its end.
  static func run(
    _ arguments: [String], core: Int? = nil, environment: [String: String] = [:], log: String = "/dev/null"
  ) throws(Failure) -> String {
    let child = try Child(arguments, core: core, environment: environment, readsOutput: true, log: log)
    let (output, succeeded) = child.finish()
    guard succeeded else { throw Failure("\(child.command) failed: \(output.suffix(300))\(Files.tail(log))") }
    return output
  }

  static let environment: [String: String] = {
    var found: [String: String] = [:]
    var place = environ
    while let entry = place.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
      place += 1
    }
    return found
  }()

  private static func withCStrings<R>(
    _ words: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var pointers = words.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  }
}

/// Something could not be measured, in words for a row of the table.
struct Failure: Error, CustomStringConvertible {
  var description: String
  /// Somebody that Signalbox is measured beside is not here: no fault of the program.
  var isPeers = false
  init(_ description: String, isPeers: Bool = false) {
    self.description = description
    self.isPeers = isPeers
  }
}
