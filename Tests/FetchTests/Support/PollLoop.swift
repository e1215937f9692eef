import Glibc

@testable import Fetch

/// The smallest event loop: poll(2) and one timer, on the calling thread.
final class PollLoop: CurlPoller {
  private var watched: [Int32: Int16] = [:]
  private var deadline: ContinuousClock.Instant?
  /// Descriptors that were watched and then closed without a word would be polled for ever.
  private(set) var closed: [Int32] = []

  func watch(_ descriptor: Int32, readable: Bool, writable: Bool) {
    watched[descriptor] = (readable ? Int16(POLLIN) : 0) | (writable ? Int16(POLLOUT) : 0)
  }

  func unwatch(_ descriptor: Int32) { watched[descriptor] = nil }

  func closing(_ descriptor: Int32) {
    watched[descriptor] = nil
    closed.append(descriptor)
  }

  func setTimer(milliseconds: Int?) {
    deadline = milliseconds.map { .now + .milliseconds($0) }
  }

  /// Runs turns until the condition holds; false when nothing came for 10 seconds.
  func run(_ multi: CurlMulti, until condition: () -> Bool) -> Bool {
    let limit = ContinuousClock.now + .seconds(10)
    while !condition() {
      guard ContinuousClock.now < limit else { return false }
      turn(multi)
    }
    return true
  }

  private func turn(_ multi: CurlMulti) {
    var list = watched.map { pollfd(fd: $0.key, events: $0.value, revents: 0) }
    let wait = deadline.map { max(0, Int32((($0 - .now) / .milliseconds(1)).rounded(.up))) } ?? 1000
    poll(&list, nfds_t(list.count), wait)
    for entry in list where entry.revents != 0 {
      let events = Int32(entry.revents)
      multi.socketReady(
        entry.fd, readable: events & POLLIN != 0, writable: events & POLLOUT != 0,
        failed: events & (POLLERR | POLLHUP) != 0)
    }
    if let due = deadline, due <= .now {
      deadline = nil
      multi.timerFired()
    }
  }
}

/// Writes down what a transfer brings; the closures may act on it.
final class RecordingHandler: FetchHandler {
  var status = 0
  var head = ""
  var body: [UInt8] = []
  var turns = 0
  var end: FetchEnd?
  var onBody: (FetchTransfer) -> FetchFlow = { _ in .proceed }
  var onEnd: () -> Void = {}

  func fetch(_ transfer: FetchTransfer, head: FetchHead) {
    status = head.status
    self.head = String(decoding: head.raw, as: UTF8.self)
  }

  func fetch(_ transfer: FetchTransfer, body: UnsafeRawBufferPointer) -> FetchFlow {
    self.body.append(contentsOf: body)
    return onBody(transfer)
  }

  func fetchTurnEnded(_ transfer: FetchTransfer) { turns += 1 }

  func fetch(_ transfer: FetchTransfer, ended: FetchEnd) {
    end = ended
    onEnd()
  }
}
