internal import Synchronization

/// A number that one loop counts and others read.
package final class GatewayCounter: Sendable {
  private let number = Atomic<Int>(0)

  package var value: Int { number.load(ordering: .relaxed) }
  func add(_ amount: Int = 1) { number.wrappingAdd(amount, ordering: .relaxed) }
}

/// What the gateway of one loop has done; may be read on any thread.
package final class GatewayMetrics: Sendable {
  /// What one upstream was asked and answered.
  package struct Upstream: Sendable {
    package let name: String
    /// Answers by the first digit of their status; 0: no answer came.
    package let answers: [GatewayCounter]

    init(name: String) {
      self.name = name
      answers = (0...5).map { _ in GatewayCounter() }
    }
  }

  package let upstreams: [Upstream]
  /// Requests in progress, those that are read on for their usage among them.
  package let active = GatewayCounter()
  /// Calls that are read on although their client went away.
  package let drains = GatewayCounter()
  /// Calls whose tap could not read something.
  package let tapFailures = GatewayCounter()
  /// Requests that are no chat completions, and went through without a tap.
  package let untapped = GatewayCounter()
  /// Values of our own headers that meant nothing.
  package let ignoredHeaders = GatewayCounter()
  package let bytesUp = GatewayCounter()
  package let bytesDown = GatewayCounter()
  package let eventsRecorded = GatewayCounter()
  package let eventsLost = GatewayCounter()
  /// Time the gateway itself added before the first byte of an answer; a count for each bound, and one beyond.
  package let added = (0...GatewayMetrics.addedBounds.count).map { _ in GatewayCounter() }
  package let addedSum = GatewayCounter()

  /// Upper bounds of the histogram, microseconds.
  package static let addedBounds = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800]

  init(upstreams: [GatewayUpstream]) {
    self.upstreams = upstreams.map { Upstream(name: $0.name) }
  }

  func answered(_ upstream: Int, status: Int) {
    upstreams[upstream].answers[1...5 ~= status / 100 ? status / 100 : 0].add()
  }

  func added(nanoseconds: UInt64) {
    let microseconds = Int(nanoseconds / 1000)
    added[Self.addedBounds.firstIndex { microseconds <= $0 } ?? Self.addedBounds.count].add()
    addedSum.add(microseconds)
  }
}
