#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The files of a log in its folder, and the lock that keeps a second process out.
///
/// `@unchecked Sendable`: the descriptor is written once, in `init`.
final class LogFiles: @unchecked Sendable {
  let directory: String
  private let lock: Int32

  var database: String { directory + "/signalbox.db" }
  var wal: String { database + "-wal" }
  var reserve: String { directory + "/reserve" }
  /// Its presence says that damage was found while the log ran: the next opening sets the database aside.
  var damageMark: String { directory + "/damaged" }

  /// Makes the folder and takes its lock.
  init(_ directory: String) throws(LogError) {
    self.directory = directory
    if let error = Self.makeFolder(directory) {
      throw LogError(code: .folder, message: "the data folder \(directory) cannot be made: \(error)")
    }
    lock = open(directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw LogError(
        code: .folder, message: "the data folder \(directory) cannot be written: \(Self.systemError())")
    }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw LogError(
        code: .inUse,
        message: "the data folder \(directory) is in use by another process; stop it or choose another --data"
      )
    }
  }

  deinit { close(lock) }

  /// Lets others open the log; its threads have ended.
  func unlock() { flock(lock, LOCK_UN) }

  /// Renames the database and what belongs to it to `…damaged-<time>`; the new name.
  func setAside(at seconds: Int64) throws(LogError) -> String {
    var suffix = ".damaged-\(seconds)"
    var attempt = 0
    while access(database + suffix, F_OK) == 0 {
      attempt += 1
      suffix = ".damaged-\(seconds)-\(attempt)"
    }
    for part in ["-wal", "-shm", ""] where access(database + part, F_OK) == 0 {
      guard rename(database + part, database + suffix + part) == 0 else {
        throw LogError(
          code: .folder, message: "\(database)\(part) cannot be renamed: \(Self.systemError())")
      }
    }
    unlink(damageMark)
    ftruncate(lock, 0)
    return database + suffix
  }

  var isMarkedDamaged: Bool { access(damageMark, F_OK) == 0 }

  func markDamaged() {
    let file = open(damageMark, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    if file >= 0 { close(file) }
  }

  // MARK: How far the log has come

  /// The offset that the next event would get, as the last commit noted it; nil: nothing is noted. Where the database
  /// knows less, what it had is gone. The note is never waited for: after a power loss it may say too little, not too
  /// much.
  var notedTip: UInt64? {
    var tip: UInt64 = 0
    return pread(lock, &tip, 8, 0) == 8 ? UInt64(littleEndian: tip) : nil
  }

  /// Notes it in the file of the lock: its own, since what happens to the database must not happen to it.
  func note(tip: UInt64) {
    var tip = tip.littleEndian
    pwrite(lock, &tip, 8, 0)
  }

  // MARK: The reserve

  /// Takes the reserve's room on the disk; false when there is too little.
  func takeReserve(_ bytes: Int) -> Bool {
    guard bytes > 0 else { return true }
    let file = open(reserve, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    #if canImport(Glibc)
      guard posix_fallocate(file, 0, off_t(bytes)) == 0 else {
        unlink(reserve)
        return false
      }
    #endif
    return true
  }

  /// Gives the reserve's room back.
  func releaseReserve() { unlink(reserve) }

  // MARK: Sizes

  static func size(of path: String) -> Int64 {
    var info = stat()
    return stat(path, &info) == 0 ? Int64(info.st_size) : 0
  }

  private static func makeFolder(_ path: String) -> String? {
    var at = path.startIndex
    repeat {
      at = path[at...].dropFirst().firstIndex(of: "/") ?? path.endIndex
      if mkdir(String(path[..<at]), 0o700) != 0, errno != EEXIST { return systemError() }
    } while at < path.endIndex
    return nil
  }

  private static func systemError() -> String { String(cString: strerror(errno)) }
}
