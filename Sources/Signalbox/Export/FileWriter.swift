#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that is only ever appended to; closed when it is let go of.
struct FileWriter: ~Copyable {
  private let descriptor: Int32
  /// Bytes in the file.
  private(set) var size: Int

  /// Opens or creates the file, readable by its owner alone: events may carry what users wrote.
  init(appendingTo path: String) throws(ExportError) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ExportError("\(path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    size = Int(lseek(descriptor, 0, SEEK_END))
  }

  deinit { close(descriptor) }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ExportError) {
    size += try Self.write(bytes, to: descriptor)
  }

  /// Writes all bytes, in as many calls as it takes.
  @discardableResult
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(ExportError) -> Int {
    var done = 0
    while done < bytes.count {
      #if canImport(Glibc)
        let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      #else
        let count = Darwin.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      #endif
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw ExportError("writing failed: \(String(cString: strerror(errno)))") }
      done += count
    }
    return done
  }
}
