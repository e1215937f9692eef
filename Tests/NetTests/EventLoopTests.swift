import Net
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EventLoopTests {
  private func withLoop(_ body: (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(name: "test")
    loop.start()
    try await body(loop)
    loop.stop()
  }

  @Test func workRunsInOrderOnTheLoop() async throws {
    try await withLoop { loop in
      let (numbers, continuation) = AsyncStream.makeStream(of: Int.self)
      for number in 0..<1000 {
        loop.execute {
          #expect(loop.isCurrent)
          continuation.yield(number)
          if number == 999 { continuation.finish() }
        }
      }
      #expect(!loop.isCurrent)
      #expect(await numbers.reduce(into: []) { $0.append($1) } == Array(0..<1000))
    }
  }

  @Test func workFromManyThreadsIsNotLost() async throws {
    try await withLoop { loop in
      let (ticks, continuation) = AsyncStream.makeStream(of: Void.self)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask { for _ in 0..<500 { loop.execute { continuation.yield() } } }
        }
      }
      loop.execute { continuation.finish() }
      #expect(await ticks.reduce(0) { count, _ in count + 1 } == 4000)
    }
  }

  @Test func whatIsEnqueuedComesInItsPlaceOnceTheLoopIsWoken() async throws {
    try await withLoop { loop in
      let (numbers, continuation) = AsyncStream.makeStream(of: Int.self)
      for number in 0..<300 {
        loop.enqueue { continuation.yield(number) }
        if number == 99 { loop.execute { continuation.yield(1000) } }
        if number == 199 { loop.wake() }
      }
      loop.enqueue { continuation.finish() }
      loop.wake()
      let expected = Array(0...99) + [1000] + Array(100..<300)
      #expect(await numbers.reduce(into: []) { $0.append($1) } == expected)
      // Nothing is left to wake it for.
      loop.wake()
    }
  }

  @Test func timersFireRepeatAndAreCancelled() async throws {
    try await withLoop { loop in
      let (events, continuation) = AsyncStream.makeStream(of: String.self)
      loop.execute {
        loop.timer(after: 5) { continuation.yield("late") }
        loop.timer(after: 1) { continuation.yield("early") }
        let cancelled = loop.timer(after: 2) { continuation.yield("cancelled") }
        cancelled.cancel()
        cancelled.cancel()
        var left = 3
        var repeating: LoopTimer?
        repeating = loop.timer(after: 20, every: 1) {
          left -= 1
          continuation.yield("again")
          if left == 0 {
            repeating?.cancel()
            repeating = nil
            continuation.finish()
          }
        }
      }
      let seen = await events.reduce(into: []) { $0.append($1) }
      #expect(seen == ["early", "late", "again", "again", "again"])
    }
  }

  @Test func hooksRunAfterTheWorkOfAnIteration() async throws {
    try await withLoop { loop in
      let (events, continuation) = AsyncStream.makeStream(of: String.self)
      loop.execute {
        loop.afterIO { continuation.yield("hook") }
        loop.execute { continuation.yield("next iteration") }
        continuation.yield("work")
      }
      var seen: [String] = []
      for await event in events {
        seen.append(event)
        if event == "next iteration" { break }
      }
      #expect(seen.first == "work")
      #expect(seen.dropFirst().first == "hook")
    }
  }

  @Test func timeMovesOn() async throws {
    try await withLoop { loop in
      let (times, continuation) = AsyncStream.makeStream(of: UInt64.self)
      loop.execute {
        continuation.yield(loop.now)
        loop.timer(after: 3) { continuation.yield(loop.now) }
      }
      var seen = times.makeAsyncIterator()
      let first = await seen.next()!
      let second = await seen.next()!
      #expect(second - first >= 2_000_000)
    }
  }

  @Test func stoppingEndsTimersAndRunsHooks() async throws {
    let (events, continuation) = AsyncStream.makeStream(of: String.self)
    try await withLoop { loop in
      loop.execute {
        loop.timer(after: 60_000) { continuation.yield("timer") }
        loop.atStop {
          continuation.yield("stop")
          loop.timer(after: 0) { continuation.yield("too late") }
        }
      }
    }
    continuation.finish()
    #expect(await events.reduce(into: []) { $0.append($1) } == ["stop"])
  }
}
