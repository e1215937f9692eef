import Glibc

/// What the kernel says about processes.
enum ProcessTable {
  /// A process and all below it.
  static func family(_ pid: pid_t) -> [pid_t] {
    let threads = Files.names(in: "/proc/\(pid)/task").map(\.name)
    let children = threads.sorted().flatMap { thread in
      (Files.text("/proc/\(pid)/task/\(thread)/children") ?? "").split(separator: " ").compactMap {
        pid_t($0)
      }
    }
    return [pid] + children.flatMap(family)
  }

  /// Seconds of CPU that they have used, user's and kernel's.
  static func cpuSeconds(_ pids: [pid_t]) -> Double {
    pids.reduce(0) { sum, pid in
      let fields =
        (Files.text("/proc/\(pid)/stat") ?? "").split(separator: ")").last?.split(separator: " ") ?? []
      guard fields.count > 12, let user = Double(fields[11]), let kernel = Double(fields[12]) else {
        return sum
      }
      return sum + (user + kernel) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
  }

  /// A line of `/proc/PID/status` in kilobytes: `VmRSS` now, `VmHWM` at its highest.
  static func kilobytes(_ pid: pid_t, _ field: String) -> Double {
    for line in (Files.text("/proc/\(pid)/status") ?? "").split(separator: "\n")
    where line.hasPrefix(field + ":") {
      return line.split(separator: " ").compactMap { Double($0.filter(\.isNumber)) }.first ?? 0
    }
    return 0
  }
}
