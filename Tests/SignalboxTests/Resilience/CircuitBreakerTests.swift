import Signalbox
import Testing

/// The rules of the breaker, in seconds of a clock that the test moves.
struct CircuitBreakerTests {
  private static let second: Int64 = 1_000_000_000
  private var breaker = CircuitBreaker()

  /// Makes a call at a time in seconds; false when it was refused.
  @discardableResult
  private mutating func call(_ outcome: CircuitBreaker.Outcome, at time: Int64) -> Bool {
    guard case .admitted(let permit) = breaker.admit(at: time * Self.second) else { return false }
    breaker.record(outcome, of: permit, at: time * Self.second)
    return true
  }

  private mutating func permit(at time: Int64) throws -> CircuitBreaker.Permit {
    guard case .admitted(let permit) = breaker.admit(at: time * Self.second) else { throw Refused() }
    return permit
  }

  private struct Refused: Error {}

  private mutating func open(at time: Int64) { for _ in 0..<5 { call(.failure, at: time) } }

  @Test mutating func fiveFailuresInARowOpenItForThirtySeconds() {
    for _ in 0..<4 { call(.failure, at: 0) }
    #expect(breaker.state == .closed && breaker.failuresInARow == 4)
    call(.failure, at: 1)
    #expect(breaker.state == .open(until: 31 * Self.second) && breaker.openings == 1)
    #expect(breaker.admit(at: 11 * Self.second) == .refused(retryAfter: .seconds(20)))
    #expect(breaker.refusals == 1)
  }

  @Test mutating func aSuccessBetweenFailuresStartsTheCountAnew() {
    for _ in 0..<4 { call(.failure, at: 0) }
    call(.success, at: 0)
    for _ in 0..<4 { call(.failure, at: 0) }
    #expect(breaker.state == .closed)
  }

  @Test mutating func failuresThatAreMoreThanAMinuteOldDoNotCount() {
    for time in [0, 10, 20, 30] as [Int64] { call(.failure, at: time) }
    call(.failure, at: 61)
    #expect(breaker.state == .closed && breaker.failuresInARow == 4)
    call(.failure, at: 62)
    #expect(breaker.state != .closed)
  }

  @Test mutating func withoutAWindowFailuresNeverGrowOld() {
    breaker = CircuitBreaker(.init(failures: 2, window: nil))
    call(.failure, at: 0)
    call(.failure, at: 1_000_000)
    #expect(breaker.state != .closed)
  }

  @Test mutating func aCallThatShowsNothingChangesNothing() {
    for _ in 0..<4 { call(.failure, at: 0) }
    call(.nothing, at: 0)
    #expect(breaker.failuresInARow == 4)
    call(.failure, at: 0)
    #expect(breaker.state != .closed)
  }

  @Test mutating func threeTrialsAtOnceAndTwoSuccessesCloseIt() throws {
    open(at: 0)
    let first = try permit(at: 30)
    #expect(breaker.state == .halfOpen)
    let second = try permit(at: 30)
    let third = try permit(at: 30)
    #expect(breaker.admit(at: 30 * Self.second) == .refused(retryAfter: .seconds(1)))
    breaker.record(.success, of: first, at: 31 * Self.second)
    #expect(breaker.state == .halfOpen)
    // The one that ended makes room for another.
    let fourth = try permit(at: 31)
    breaker.record(.success, of: second, at: 31 * Self.second)
    #expect(breaker.state == .closed)
    // Trials that end later say nothing about the closed breaker.
    for permit in [third, fourth] { breaker.record(.failure, of: permit, at: 32 * Self.second) }
    #expect(breaker.state == .closed && breaker.failuresInARow == 0)
  }

  @Test mutating func aFailedTrialOpensItForTwiceAsLongUpToAMinute() {
    open(at: 0)
    call(.failure, at: 30)
    #expect(breaker.state == .open(until: 90 * Self.second))
    call(.failure, at: 90)
    #expect(breaker.state == .open(until: 150 * Self.second) && breaker.openings == 3)
    // Once it was closed, it begins with the short time again.
    call(.success, at: 150)
    call(.success, at: 150)
    open(at: 150)
    #expect(breaker.state == .open(until: 180 * Self.second))
  }

  @Test mutating func aTrialThatShowsNothingMakesRoomForAnother() throws {
    open(at: 0)
    let trials = [try permit(at: 30), try permit(at: 30), try permit(at: 30)]
    breaker.record(.nothing, of: trials[0], at: 30 * Self.second)
    #expect(breaker.state == .halfOpen)
    #expect(call(.success, at: 30))
  }

  @Test mutating func whatWasBegunBeforeItOpenedDoesNotCountAfterwards() throws {
    let early = try permit(at: 0)
    open(at: 0)
    breaker.record(.failure, of: early, at: 30 * Self.second)
    #expect(breaker.state == .open(until: 30 * Self.second) && breaker.openings == 1)
    let trial = try permit(at: 30)
    breaker.record(.success, of: early, at: 30 * Self.second)
    breaker.record(.success, of: trial, at: 30 * Self.second)
    #expect(breaker.state == .halfOpen)
  }
}
