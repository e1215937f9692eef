import Wire

@testable import SignalboxLog

/// The log as a plain array: what it must answer, said the simple way.
struct LogModel {
  struct Stored: Equatable {
    var offset: UInt64
    var id: String?
    var type: String
    var trace, span, session, chain, request: String?
    var index: Int64
    var late: Bool
  }

  struct Span: Equatable {
    var trace, session, chain: String?
    var status = SpanStatus.running
    var deltas: Int64 = 0
    var firstOffset: UInt64
    var lastOffset: UInt64
  }

  private(set) var events: [Stored] = []
  private(set) var spans: [String: Span] = [:]
  private var ids: Set<String> = []
  private var indexes: [String: Set<Int64>] = [:]
  private var seqs: [String: Set<Int64>] = [:]

  /// Stores what is new; how many were stored, duplicates and late.
  mutating func store(_ batch: [TestEvent]) -> (stored: Int, duplicates: Int, late: Int) {
    var result = (stored: 0, duplicates: 0, late: 0)
    for event in batch {
      guard note(event) else {
        result.duplicates += 1
        continue
      }
      let late = append(event)
      result.stored += 1
      if late { result.late += 1 }
    }
    return result
  }

  /// Whether the event is new.
  private mutating func note(_ event: TestEvent) -> Bool {
    var isNew = true
    if event.phase == .delta, let span = event.span, let index = event.index {
      let range = index..<index + (event.count ?? 1)
      isNew = !range.allSatisfy { indexes[span, default: []].contains($0) }
      if isNew { indexes[span, default: []].formUnion(range) }
    } else if let producer = event.producer, let seq = event.seq {
      isNew = !seqs[producer, default: []].contains(seq)
    } else if let id = event.id {
      isNew = ids.insert(id).inserted
    }
    if isNew, let producer = event.producer, let seq = event.seq { seqs[producer, default: []].insert(seq) }
    return isNew
  }

  private mutating func append(_ event: TestEvent) -> Bool {
    let offset = UInt64(events.count + 1)
    var stored = Stored(
      offset: offset, id: event.id, type: event.type, trace: event.trace, span: event.span,
      session: event.session, chain: event.chain, request: event.request, index: event.index ?? -1,
      late: false)
    if let id = event.span {
      var span = spans[id] ?? Span(firstOffset: offset, lastOffset: offset)
      switch span.status {
      case .running: break
      case .lost: stored.late = event.phase?.isTerminal != true
      case .ok, .error: stored.late = true
      }
      span.trace = span.trace ?? event.trace
      span.session = span.session ?? event.session
      span.chain = span.chain ?? event.chain
      // What the span learns from this event is not put into the event: it says it itself.
      stored.trace = event.trace ?? span.trace
      stored.session = event.session ?? span.session
      stored.chain = event.chain ?? span.chain
      span.lastOffset = offset
      if event.phase == .delta { span.deltas += event.count ?? 1 }
      if event.phase?.isTerminal == true, span.status == .running || span.status == .lost {
        span.status =
          event.phase == .end ? .ok : event.data?.contains("lost") == true ? .lost : .error
      }
      spans[id] = span
    }
    events.append(stored)
    return stored.late
  }

  func matching(_ filter: EventFilter) -> [Stored] {
    events.filter { event in
      (filter.types.isEmpty || filter.types.contains { event.type.hasPrefix($0) })
        && (filter.trace == nil || filter.trace == event.trace)
        && (filter.span == nil || filter.span == event.span)
        && (filter.session == nil || filter.session == event.session)
        && (filter.chain == nil || filter.chain == event.chain)
        && (filter.request == nil || filter.request == event.request)
    }
  }
}

extension LogPage {
  /// The events in the model's terms; ids that were minted are left out.
  var stored: [LogModel.Stored] {
    zip(offsets, batch.slots).map { offset, slot in
      let id = batch.string(.id, of: slot)
      return LogModel.Stored(
        offset: offset, id: id.flatMap { $0.hasPrefix("e-") ? $0 : nil },
        type: batch.string(.type, of: slot) ?? "", trace: batch.string(.trace, of: slot),
        span: batch.string(.span, of: slot), session: batch.string(.session, of: slot),
        chain: batch.string(.chain, of: slot), request: batch.string(.request, of: slot), index: slot.index,
        late: slot.late)
    }
  }
}
