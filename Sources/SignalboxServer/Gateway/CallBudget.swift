internal import Net
internal import Signalbox

/// Watches over what one call of the gateway may use. Confined to its loop.
struct CallBudget {
  private(set) var limits = Budget()
  private var watch: Watch?

  /// Whether tokens or money are limited, so that they must be counted.
  var isCounted: Bool { limits.tokens != nil || limits.cost != nil }

  /// The call begins; `exceeded` hears of the time that runs out.
  mutating func begin(_ limits: Budget, on loop: EventLoop, exceeded: @escaping (Budget.Limit) -> Void) {
    self.limits = limits
    guard limits.seconds != nil || limits.stall != nil else { return }
    watch = Watch(limits, loop, exceeded)
  }

  /// Something came from the upstream.
  func sign() { watch?.sign() }

  mutating func end() {
    watch?.end()
    watch = nil
  }

  /// One timer a call, however many bytes come: it looks again where there was a sign of life meanwhile.
  private final class Watch {
    private let limits: Budget
    private let loop: EventLoop
    private let exceeded: (Budget.Limit) -> Void
    /// Nanoseconds of the loop's clock.
    private let began: UInt64
    private var lastSign: UInt64
    private var timer: LoopTimer?

    init(_ limits: Budget, _ loop: EventLoop, _ exceeded: @escaping (Budget.Limit) -> Void) {
      self.limits = limits
      self.loop = loop
      self.exceeded = exceeded
      began = SystemTime.monotonic
      lastSign = began
      arm()
    }

    func sign() { if limits.stall != nil { lastSign = SystemTime.monotonic } }

    func end() {
      timer?.cancel()
      timer = nil
    }

    private func arm() {
      guard let deadline = limits.deadline(lastSign: .nanoseconds(lastSign - began)) else { return }
      let left = deadline.at.nanoseconds - min(deadline.at.nanoseconds, SystemTime.monotonic - began)
      timer = loop.timer(after: min(left / 1_000_000 + 1, 86_400_000)) { [weak self] in self?.look() }
    }

    private func look() {
      let now = SystemTime.monotonic
      guard
        let limit = limits.exceeded(
          elapsed: .nanoseconds(now - began), idle: .nanoseconds(now - lastSign))
      else { return arm() }
      timer = nil
      exceeded(limit)
    }
  }
}
