internal import Signalbox

/// Allows one call to an upstream; says, once, what the call showed. One that is dropped shows nothing.
public final class CircuitPermit: Sendable {
  private let permit: CircuitBreaker.Permit
  private let upstream: String
  private let breakers: CircuitBreakers
  private let isReported = Locked(false)

  init(_ permit: CircuitBreaker.Permit, upstream: String, breakers: CircuitBreakers) {
    self.permit = permit
    self.upstream = upstream
    self.breakers = breakers
  }

  deinit { report(.nothing) }

  /// The call succeeded.
  public func succeeded() { report(.success) }

  /// The call failed; whether that speaks against the upstream, the error says.
  public func failed(_ error: LLMError) { report(error.circuitOutcome) }

  private func report(_ outcome: CircuitBreaker.Outcome) {
    let isFirst = isReported.withLock { isReported in
      defer { isReported = true }
      return !isReported
    }
    if isFirst { breakers.record(outcome, of: permit, upstream: upstream) }
  }
}

extension LLMError {
  /// What the error says about the server: errors of the caller show that it works.
  var circuitOutcome: CircuitBreaker.Outcome {
    switch code {
    case .unreachable, .timeout, .incomplete, .overloaded, .providerFailed, .badReply: .failure
    case .unauthorized, .badJSON: .success
    case .invalidRequest: status == nil ? .nothing : .success
    // A limit on this caller tells neither that the server is well nor that it is not.
    default: .nothing
    }
  }
}
