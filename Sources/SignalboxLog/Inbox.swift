/// The bounded queue between those who submit and the writer.
final class Inbox: Sendable {
  /// What the writer is asked to do besides storing.
  enum Control {
    /// A producer said that it lives.
    case heartbeat(producer: String)
    /// Look for spans that are lost.
    case reap
    /// Commits work again: read the state anew and go on.
    case resume
    /// Called once the writer has come to it.
    case barrier(@Sendable () -> Void)
  }

  struct Work {
    var submissions: [Submission] = []
    var controls: [Control] = []
    /// Nothing comes after this.
    var isLast = false
  }

  private struct State {
    var submissions: [Submission] = []
    var controls: [Control] = []
    var events = 0
    var bytes = 0
    var refused: (retryAfter: Int, message: String)?
    var isClosed = false
  }

  private let state = Guarded(State())
  private let maxEvents: Int
  private let maxBytes: Int

  init(maxEvents: Int, maxBytes: Int) {
    self.maxEvents = maxEvents
    self.maxBytes = maxBytes
  }

  /// Puts a batch in, or says why not. A batch larger than the whole queue is taken when the queue is empty.
  func put(_ submission: Submission) -> SubmitAdmission {
    let events = submission.batch.count
    let bytes = submission.batch.bytes.count
    var admission = SubmitAdmission.accepted
    state.signal { state in
      if state.isClosed {
        admission = .closed
      } else if let refused = state.refused {
        admission = .unavailable(retryAfter: refused.retryAfter, message: refused.message)
      } else if state.events > 0, state.events + events > maxEvents || state.bytes + bytes > maxBytes {
        admission = .overloaded(retryAfter: 1)
      } else {
        state.submissions.append(submission)
        state.events += events
        state.bytes += bytes
      }
    }
    return admission
  }

  func put(_ control: Control) { state.signal { $0.controls.append(control) } }

  /// Refuses submissions from now on with this message; nil takes them again.
  func refuse(_ reason: (retryAfter: Int, message: String)?) { state.with { $0.refused = reason } }

  /// Why submissions are refused; nil while they are taken.
  var refusal: (retryAfter: Int, message: String)? { state.with { $0.refused } }

  /// No more submissions; what is there is still handed out.
  func close() { state.signal { $0.isClosed = true } }

  /// Waits for work and takes what there is, at most about `events` and `bytes`, but at least one batch.
  func take(events: Int, bytes: Int) -> Work {
    state.wait { state in
      guard !state.submissions.isEmpty || !state.controls.isEmpty || state.isClosed else { return nil }
      var work = Work()
      swap(&work.controls, &state.controls)
      if state.events <= events, state.bytes <= bytes {
        swap(&work.submissions, &state.submissions)
        state.events = 0
        state.bytes = 0
      } else {
        var taken = (events: 0, bytes: 0)
        var count = 0
        for submission in state.submissions {
          let after = (
            events: taken.events + submission.batch.count, bytes: taken.bytes + submission.batch.bytes.count
          )
          if count > 0, after.events > events || after.bytes > bytes { break }
          taken = after
          count += 1
        }
        work.submissions = Array(state.submissions[..<count])
        state.submissions.removeFirst(count)
        state.events -= taken.events
        state.bytes -= taken.bytes
      }
      work.isLast = state.isClosed && state.submissions.isEmpty
      return work
    }
  }

  /// What waits now.
  var depth: (events: Int, bytes: Int) { state.with { ($0.events, $0.bytes) } }
}
