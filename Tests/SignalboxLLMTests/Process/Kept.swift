import Signalbox

/// What closures of a test were given, from any thread.
final class Kept<Element: Sendable>: Sendable {
  private let elements = Locked<[Element]>([])

  var all: [Element] { elements.withLock { $0 } }
  var count: Int { elements.withLock { $0.count } }

  func add(_ element: Element) { elements.withLock { $0.append(element) } }
}

/// A handler of batches that a test can hold and make fail.
actor BatchSink {
  private(set) var batches: [[String]] = []
  private var isHeld = false
  private var held: [CheckedContinuation<Void, Never>] = []
  private var failures = 0
  private var calls = 0
  private var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

  var texts: [String] { batches.flatMap(\.self) }

  func hold() { isHeld = true }

  func release() {
    isHeld = false
    for continuation in held { continuation.resume() }
    held = []
  }

  /// The next calls throw.
  func fail(_ count: Int) { failures = count }

  /// Returns once the handler was called so often.
  func called(_ count: Int) async {
    guard calls < count else { return }
    await withCheckedContinuation { waiting.append((count, $0)) }
  }

  func take(_ texts: [String]) async throws {
    calls += 1
    for (_, continuation) in waiting.filter({ $0.count <= calls }) { continuation.resume() }
    waiting.removeAll { $0.count <= calls }
    if isHeld { await withCheckedContinuation { held.append($0) } }
    if failures > 0 {
      failures -= 1
      throw TestError(name: "batch")
    }
    batches.append(texts)
  }
}
