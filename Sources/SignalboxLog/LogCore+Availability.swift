import Synchronization

/// What happens when commits fail: submissions are refused in plain words, readers go on, and upkeep tries
/// whether there is room again.
extension LogCore {
  private static let retryAfter = 5

  var unavailableFailure: SubmitResult.Failure {
    let reason = inbox.refusal
    return SubmitResult.Failure(
      retryAfter: reason?.retryAfter ?? Self.retryAfter, message: reason?.message ?? "the log is unavailable")
  }

  /// Refuses submissions from now on; gives the reserve back so that trimming has room to work in.
  func becomeUnavailable(_ error: SQLiteError) {
    let message: String
    if error.isFull {
      message =
        "the disk of \(files.directory) is full; nothing is stored until there is room. "
        + "Free some space or lower the retention"
    } else if error.isDamage {
      message =
        "the log in \(files.directory) is damaged (\(error)); restart the server: it sets the file aside"
      files.markDamaged()
      isDamaged.store(true, ordering: .relaxed)
    } else {
      message = "the log in \(files.directory) cannot be written: \(error)"
    }
    files.releaseReserve()
    metrics.with { $0.isDiskFull = error.isFull }
    isUnavailable.store(true, ordering: .releasing)
    inbox.refuse((Self.retryAfter, message))
    notify(error.isDamage ? .damaged : .diskFull, message)
    upkeep.signal { $0.shouldProbe = true }
  }

  func becomeAvailable() {
    isUnavailable.store(false, ordering: .releasing)
    metrics.with { $0.isDiskFull = false }
    inbox.refuse(nil)
    notify(.recovered, "the log in \(files.directory) stores events again")
  }
}
