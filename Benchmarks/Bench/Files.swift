import Glibc

/// Files, as far as a bench needs them.
enum Files {
  static func read(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      guard count > 0 else { return count == 0 ? all : nil }
      all += chunk[..<count]
    }
  }

  static func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

  static func write(_ path: String, _ bytes: some Sequence<UInt8>) throws(Failure) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Failure("\(path) cannot be written") }
    defer { close(file) }
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { throw Failure("\(path) cannot be written") }
      rest = rest.dropFirst(count)
    }
  }

  /// A line at once, to standard output or to the descriptor given.
  static func say(_ line: String, to descriptor: Int32 = 1) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }

  static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

  static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// What lies in a folder; none where there is no such folder.
  static func names(in folder: String) -> [(name: String, isFolder: Bool)] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var found: [(name: String, isFolder: Bool)] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      found.append((name, Int32(entry.pointee.d_type) == Int32(DT_DIR)))
    }
    return found
  }

  /// All files below a folder.
  static func all(in folder: String) -> [String] {
    names(in: folder).flatMap { name, isFolder in
      isFolder ? all(in: "\(folder)/\(name)") : ["\(folder)/\(name)"]
    }
  }

  /// The end of a log, for a message.
  static func tail(_ path: String) -> String {
    guard path != "/dev/null", let text = text(path) else { return "" }
    return " " + text.suffix(300).split(whereSeparator: \.isNewline).joined(separator: " · ")
  }

  /// Takes a folder's files out of the kernel's memory.
  static func forget(_ folder: String) {
    for path in all(in: folder) {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { continue }
      fsync(file)
      posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
      close(file)
    }
  }

  /// Size of a folder, once merging no longer changes it.
  static func settledSize(_ folder: String) -> Int {
    func size() -> Int { all(in: folder).reduce(0) { $0 + (Files.size($1) ?? 0) } }
    var (last, same) = (size(), 0)
    let limit = Clock.now + 300
    while same < 5, Clock.now < limit {
      Clock.sleep(1)
      let new = size()
      (same, last) = new == last ? (same + 1, last) : (0, new)
    }
    return last
  }
}
