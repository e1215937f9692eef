import Signalbox
import Testing

struct BackoffTests {
  @Test func doublesUpToTheLongest() {
    let backoff = Backoff(base: .milliseconds(500), longest: .seconds(3), jitter: 1...1)
    let waits = (1...5).map { backoff.wait(afterFailures: $0, random: 0.5) }
    #expect(waits == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(3), .seconds(3)])
    #expect(backoff.wait(afterFailures: 1_000_000, random: 0.5) == .seconds(3))
    #expect(backoff.wait(afterFailures: 0, random: 0.5) == .milliseconds(500))
  }

  @Test func jitterSpreadsByTenPercentAndNeverPassesTheLongest() {
    let backoff = Backoff()
    #expect(backoff.wait(afterFailures: 1, random: 0) == .milliseconds(450))
    #expect(backoff.wait(afterFailures: 1, random: 0.5) == .milliseconds(500))
    #expect(backoff.wait(afterFailures: 1, random: 1) == .milliseconds(550))
    #expect(backoff.wait(afterFailures: 20, random: 0) == .seconds(27))
    #expect(backoff.wait(afterFailures: 20, random: 1) == .seconds(30))
    #expect(backoff.wait(afterFailures: 1, random: 7) == .milliseconds(550))
  }

  @Test func neverGoesBelowZeroNorShrinks() {
    #expect(Backoff(base: .zero).wait(afterFailures: 3, random: 1) == .zero)
    #expect(Backoff(factor: 0.1, jitter: 1...1).wait(afterFailures: 4, random: 0) == .milliseconds(500))
  }
}
