internal import SignalboxLog
package import Wire

/// Takes events into the log.
package protocol EventOutlet: AnyObject, Sendable {
  /// False when the batch is not taken, because the log is overloaded or its disk is full. Never blocks. `failed` is
  /// called, on any thread, when a batch that was taken could not be stored after all.
  func submit(_ batch: EventBatch, failed: @escaping @Sendable () -> Void) -> Bool
}

/// The log itself.
final class LogOutlet: EventOutlet {
  private let log: EventLog

  init(_ log: EventLog) { self.log = log }

  func submit(_ batch: EventBatch, failed: @escaping @Sendable () -> Void) -> Bool {
    log.submit(batch) { if $0.failure != nil { failed() } } == .accepted
  }
}
