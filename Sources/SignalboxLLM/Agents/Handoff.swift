internal import Signalbox

/// Hands elements from one task to another: the sender waits while so many of them wait for the receiver.
final class Handoff<Element: Sendable>: Sendable {
  private struct State {
    var waiting: [Element] = []
    var isFinished = false
    /// Nobody will receive any more.
    var isAbandoned = false
    var sender: CheckedContinuation<Void, Never>?
    var receiver: CheckedContinuation<Element?, Never>?
  }

  private let capacity: Int
  private let state = Locked(State())

  init(capacity: Int) { self.capacity = capacity }

  /// Hands an element over. Does not wait once its task is cancelled: then there is not much to come.
  func send(_ element: Element) async {
    add(element)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasRoom = state.withLock { state in
          if state.waiting.count < capacity || state.isAbandoned || Task.isCancelled { return true }
          state.sender = continuation
          return false
        }
        if hasRoom { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.sender.take() }?.resume()
    }
  }

  /// Hands the last element over, without waiting.
  func finish(_ last: Element) {
    add(last)
    state.withLock { state in
      state.isFinished = true
      return state.waiting.isEmpty ? state.receiver.take() : nil
    }?.resume(returning: nil)
  }

  /// The receiver goes away.
  func abandon() {
    state.withLock { state in
      state.isAbandoned = true
      state.waiting = []
      return state.sender.take()
    }?.resume()
  }

  /// The next element; nil after the last.
  nonisolated(nonsending) func next() async -> Element? {
    await withCheckedContinuation { continuation in
      var sender: CheckedContinuation<Void, Never>?
      let element = state.withLock { state -> Element?? in
        if !state.waiting.isEmpty {
          sender = state.sender.take()
          return state.waiting.removeFirst()
        }
        if state.isFinished { return .some(nil) }
        state.receiver = continuation
        return .none
      }
      sender?.resume()
      if let element { continuation.resume(returning: element) }
    }
  }

  private func add(_ element: Element) {
    let receiver = state.withLock { state in
      if let receiver = state.receiver.take() { return Optional(receiver) }
      if !state.isAbandoned { state.waiting.append(element) }
      return nil
    }
    receiver?.resume(returning: element)
  }
}
