internal import SignalboxLog
import Synchronization
package import Wire

/// The traces that somebody has cancelled, until those who feed them have heard of it.
///
/// A server cannot reach into an application: it tells in its answers to whoever sends events of a cancelled trace, or
/// is known to have fed it. A mark stays for some minutes, since saying it twice does no harm and saying it to a
/// producer that was away does good. Bounded: the oldest mark gives way.
package final class CancelBoard: Sendable {
  private struct Mark {
    var trace: String
    var producers: Set<String>
    /// Monotonic nanoseconds.
    var until: UInt64
  }

  package struct Metrics: Sendable {
    /// Cancellations that were asked for.
    package var asked: UInt64 = 0
    /// Marks that gave way to newer ones before their time.
    package var dropped: UInt64 = 0
  }

  /// Most marks that are held; 1024.
  private let capacity: Int
  /// Nanoseconds that a mark stays; 5 min.
  private let lifetime: UInt64
  /// Most traces in one answer.
  private static let answerLimit = 100

  private struct State {
    /// The oldest first.
    var marks: [Mark] = []
    var metrics = Metrics()
  }

  private let state = Guarded(State())
  /// Whether there is any mark: asked for every batch.
  private let count = Atomic<Int>(0)

  package init(capacity: Int = 1024, lifetime: UInt64 = 300_000_000_000) {
    self.capacity = capacity
    self.lifetime = lifetime
  }

  package var metrics: Metrics { state.with { $0.metrics } }

  /// Notes that a trace is cancelled, and who feeds it.
  package func mark(_ trace: String, producers: Set<String>, at now: UInt64) {
    state.with { state in
      state.metrics.asked += 1
      var producers = producers
      if let place = state.marks.firstIndex(where: { $0.trace == trace }) {
        producers.formUnion(state.marks.remove(at: place).producers)
      }
      if state.marks.count >= capacity {
        state.marks.removeFirst()
        state.metrics.dropped += 1
      }
      state.marks.append(Mark(trace: trace, producers: producers, until: now + lifetime))
      count.store(state.marks.count, ordering: .releasing)
    }
  }

  /// The cancelled traces that these events are of, or that their producers feed.
  package func traces(for batch: EventBatch, at now: UInt64) -> [String] {
    guard count.load(ordering: .acquiring) > 0 else { return [] }
    var traces: Set<String> = []
    var producers: Set<String> = []
    var lastTrace = UnsafeRawBufferPointer(start: nil, count: 0)
    var lastProducer = lastTrace
    // Neighbours are mostly of one trace and one producer.
    for slot in batch.slots {
      let trace = batch.field(.trace, of: slot)
      if !trace.isEmpty, !trace.sameBytes(lastTrace) {
        traces.insert(String(decoding: trace, as: UTF8.self))
        lastTrace = trace
      }
      let producer = batch.field(.producer, of: slot)
      if !producer.isEmpty, !producer.sameBytes(lastProducer) {
        producers.insert(String(decoding: producer, as: UTF8.self))
        lastProducer = producer
      }
    }
    return marked(at: now) { traces.contains($0.trace) || !$0.producers.isDisjoint(with: producers) }
  }

  /// The cancelled traces that a producer feeds.
  package func traces(forProducer producer: String, at now: UInt64) -> [String] {
    guard count.load(ordering: .acquiring) > 0 else { return [] }
    return marked(at: now) { $0.producers.contains(producer) }
  }

  private func marked(at now: UInt64, _ concerns: (Mark) -> Bool) -> [String] {
    state.with { state in
      if let first = state.marks.first, first.until <= now {
        state.marks.removeAll { $0.until <= now }
        count.store(state.marks.count, ordering: .releasing)
      }
      return Array(state.marks.lazy.filter(concerns).map(\.trace).prefix(Self.answerLimit))
    }
  }
}

extension ByteWriter {
  /// Writes `,"cancel":[…]` when there is anything to cancel.
  mutating func append(cancel traces: [String]) {
    guard !traces.isEmpty else { return }
    append(",\"cancel\":[")
    for (place, trace) in traces.enumerated() {
      if place > 0 { append(",") }
      append(jsonString: trace)
    }
    append("]")
  }
}
