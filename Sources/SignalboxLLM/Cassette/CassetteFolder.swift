import Signalbox
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes cassettes into a folder, on a thread that lives while there is something to write.
final class CassetteFolder: Sendable {
  private struct State {
    var counts = CassetteRecorder.Counts()
    var waiting: [Cassette] = []
    var bytes = 0
    var isWriting = false
    var number = 0
    var flushing: [CheckedContinuation<Void, Never>] = []
  }

  /// Bytes that may wait for the disk.
  private static let limit = 256 << 20

  private let path: String
  private let onProblem: (@Sendable (String) -> Void)?
  private let state = Locked(State())

  init(_ path: String, onProblem: (@Sendable (String) -> Void)?) throws(CassetteError) {
    self.path = path
    self.onProblem = onProblem
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      throw CassetteError("the folder \(path) cannot be made: \(String(cString: strerror(errno)))")
    }
    guard access(path, W_OK | X_OK) == 0 else {
      throw CassetteError("the folder \(path) cannot be written to: \(String(cString: strerror(errno)))")
    }
  }

  var counts: CassetteRecorder.Counts { state.withLock { $0.counts } }

  func write(_ cassette: Cassette) {
    let size = cassette.chunks.reduce(1024) { $0 + $1.bytes.count + 64 }
    let starts = state.withLock { state in
      guard state.bytes + size <= Self.limit else {
        state.counts.dropped += 1
        return false
      }
      state.bytes += size
      state.waiting.append(cassette)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if starts { SystemThread { self.writeAll() }.detach() }
  }

  func flush() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if state.isWriting { state.flushing.append(continuation) }
        return !state.isWriting
      }
      if isDone { continuation.resume() }
    }
  }

  private func writeAll() {
    while true {
      let (batch, number, flushed) = state.withLock { state in
        let batch = state.waiting
        let number = state.number
        state.number += batch.count
        state.waiting = []
        state.bytes = 0
        guard batch.isEmpty else { return (batch, number, [CheckedContinuation<Void, Never>]()) }
        state.isWriting = false
        let flushed = state.flushing
        state.flushing = []
        return (batch, number, flushed)
      }
      for continuation in flushed { continuation.resume() }
      if batch.isEmpty { return }
      for (place, cassette) in batch.enumerated() { write(cassette, number: number + place) }
    }
  }

  private func write(_ cassette: Cassette, number: Int) {
    let file = path + "/" + Self.name(cassette, number: number)
    if let reason = Self.write(cassette.encoded(), to: file) {
      state.withLock { $0.counts.failed += 1 }
      onProblem?("the cassette \(file) could not be written: \(reason)")
    } else {
      state.withLock { $0.counts.recorded += 1 }
    }
  }

  /// Sorts by time: `2026-11-21T09-30-00.123456789Z-0.ndjson`.
  private static func name(_ cassette: Cassette, number: Int) -> String {
    var writer = ByteWriter(capacity: 48)
    writer.append(rfc3339: Timestamp(nanoseconds: cassette.recorded))
    return String(writer.string.map { $0 == ":" ? "-" : $0 }) + "-\(number).ndjson"
  }

  /// Why it could not be written; nil when it was. Nothing is left of a file that could not be written whole.
  private static func write(_ bytes: [UInt8], to path: String) -> String? {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return String(cString: strerror(errno)) }
    defer { close(descriptor) }
    return bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = systemWrite(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          defer { unlink(path) }
          return String(cString: strerror(errno))
        }
        done += count
      }
      return nil
    }
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
