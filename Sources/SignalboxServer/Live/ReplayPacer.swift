/// Decides when the events of a replay are due: the gaps between them as they were, divided by the speed.
package struct ReplayPacer: Equatable, Sendable {
  /// 1 is the original speed.
  package let speed: Double
  private var origin: (event: Int64, clock: UInt64)?

  package init(speed: Double) { self.speed = speed }

  package static func == (a: ReplayPacer, b: ReplayPacer) -> Bool { a.speed == b.speed }

  /// When an event of that time is due, on the clock of `now`; both in nanoseconds. The first is due at once,
  /// and so is one whose producer's clock stands before it.
  package mutating func due(event time: Int64, now: UInt64) -> UInt64 {
    guard let origin else {
      origin = (time, now)
      return now
    }
    let distance = Double(max(0, time - origin.event)) / speed
    return origin.clock + UInt64(min(distance, 1e18))
  }
}
