import Glibc

/// Where things are, and which core is whose.
enum Machine {
  static let serverCore = 0
  static let clientCore = 1
  /// The repository: `Benchmarks/run` starts the harness there.
  static let root = String(cString: getcwd(nil, 0)!)
  static let built = root + "/.build/bench"
  static let program = Child.environment["SIGNALBOX"] ?? root + "/.build/release/signalbox"
  /// Where a run keeps its data and logs; gone afterwards.
  static let folder: String = {
    var name = Array("/tmp/signalbox-bench-XXXXXX".utf8CString)
    return String(cString: mkdtemp(&name))
  }()

  static func log(_ name: String) -> String { "\(folder)/\(name).log" }

  static var kernel: String {
    (Files.text("/proc/sys/kernel/osrelease") ?? "").filter { !$0.isNewline }
  }

  static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

  /// As many descriptors as this process may have; what it starts inherits them.
  @discardableResult
  static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(limit.rlim_cur)
  }

  static func removeFolder() { _ = try? Child.run(["rm", "-rf", folder]) }
}
