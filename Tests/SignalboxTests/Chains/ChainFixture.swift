import SignalboxTesting

@testable import Signalbox

/// A clock that stands still, an emitter that keeps what it is told, and options that use both.
struct ChainFixture {
  let clock = TestClock()
  /// Every event is a batch, so that the only sleepers of the clock are the chain's own.
  let recorder = Recorder(batching: Batching(events: 1))
  let emitter: Emitter
  var options = ChainOptions()

  init() {
    var configuration = Emitter.Configuration()
    configuration.clock = clock
    emitter = Emitter([recorder], configuration: configuration)
    options.clock = clock
  }

  /// All events so far.
  func events() async -> [Event] {
    await emitter.flush(within: .seconds(20))
    return await recorder.events
  }

  /// Those that a page sees.
  func chainEvents() async -> [Event] {
    await events().filter { $0.type.name.hasPrefix("chain.") }
  }
}

struct Broken: Error, CustomStringConvertible {
  var description = "it broke"
}

/// Opens once; whoever waits goes on.
actor Gate {
  private var isOpen = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func open() {
    isOpen = true
    for continuation in waiting { continuation.resume() }
    waiting = []
  }

  func wait() async {
    guard !isOpen else { return }
    await withCheckedContinuation { waiting.append($0) }
  }
}

/// Waits until its task is cancelled.
func forever() async throws {
  let (stream, continuation) = AsyncStream<Never>.makeStream()
  for await _ in stream {}
  continuation.finish()
  throw CancellationError()
}
