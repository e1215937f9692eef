import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes events to a file, a JSON object a line, that `signalbox emit` and many other tools can read.
///
/// When the file would grow beyond `rotateBytes` it is renamed to `<path>.1`, the one before to `<path>.2`,
/// and so on; the oldest beyond `keep` is deleted. Appending to a local file goes to the page cache and
/// does not wait for the disk, so it runs on the emitter's task.
public final class JSONLinesExporter: Exporter {
  public let name: String
  private let path: String
  private let rotateBytes: Int
  private let keep: Int
  private let file: Locked<FileWriter?>

  /// `rotateBytes`: default 64 MiB. `keep`: how many full files stay, default 4.
  public init(path: String, rotateBytes: Int = 64 << 20, keep: Int = 4) {
    self.path = path
    self.rotateBytes = max(rotateBytes, 1)
    self.keep = max(keep, 0)
    name = "file"
    file = Locked(nil)
  }

  public func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection] {
    var lines = ByteWriter(capacity: batch.events.count * 400)
    for (place, event) in batch.events.enumerated() {
      event.write(to: &lines, producer: batch.producer, seq: batch.firstSequence + Int64(place))
      lines.append(UInt8(ascii: "\n"))
    }
    try append(lines.raw)
    return []
  }

  public func close() async { file.withLock { $0 = nil } }

  private func append(_ bytes: UnsafeRawBufferPointer) throws(ExportError) {
    try file.withLock { file throws(ExportError) in
      let size = file?.size ?? 0
      if size > 0, size + bytes.count > rotateBytes {
        file = nil
        rotate()
      }
      if file == nil { file = try FileWriter(appendingTo: path) }
      try file?.write(bytes)
    }
  }

  /// Moves the files on by one; what is not there is passed over.
  private func rotate() {
    guard keep > 0 else {
      unlink(path)
      return
    }
    for number in stride(from: keep - 1, through: 1, by: -1) {
      rename("\(path).\(number)", "\(path).\(number + 1)")
    }
    rename(path, "\(path).1")
  }
}
