internal import Signalbox

/// Ends a call from any thread, once: says why, and ends what the call waits for.
final class CallInterrupt: Sendable {
  private struct State {
    var error: LLMError?
    /// Ends what the call waits for.
    var cancelWait: (@Sendable () -> Void)?
  }

  private let state = Locked(State())

  /// Why the call is to end; nil: it goes on.
  var error: LLMError? { state.withLock { $0.error } }

  func fire(_ error: LLMError) {
    let cancelWait = state.withLock { state -> (@Sendable () -> Void)? in
      guard state.error == nil else { return nil }
      state.error = error
      return state.cancelWait.take()
    }
    cancelWait?()
  }

  /// The call waits for something that this ends, from now on.
  func attach(_ cancelWait: @escaping @Sendable () -> Void) {
    let isOver = state.withLock { state in
      state.cancelWait = state.error == nil ? cancelWait : nil
      return state.error != nil
    }
    if isOver { cancelWait() }
  }
}

extension LLMError {
  static let traceCancelled = LLMError(.cancelled, "the trace was cancelled")
}
