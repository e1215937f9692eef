import Synchronization
import Wire

/// Bringing the writer's memory back from the unsealed tail.
extension Writer {
  /// Takes the events of the tail into the tables where their rows do not know them yet, and fills the cache for
  /// readers. A row that cannot be read is left out: its events are a gap.
  func replayTail() throws(SQLiteError) {
    core.tail.clear()
    let rows = try database.prepare("\(TailRow.query) WHERE first_offset >= ?1 ORDER BY first_offset")
    rows.bind(1, core.sealedUpTo.load(ordering: .acquiring))
    var number: UInt64 = 0
    while try rows.step() {
      let row = TailRow(rows)
      number += 1
      guard let batch = row.decode(codec) else {
        core.tail.clear()
        core.metrics.with { $0.damagedSegments += 1 }
        core.notify(
          .damagedSegment,
          "the \(row.count) events from offset \(row.firstOffset) are damaged; readers get a gap")
        continue
      }
      try replay(batch, row, number: UInt64.max - number)
    }
    core.savedUpTo.store(
      tables.dirtySince() ?? core.tip.load(ordering: .acquiring), ordering: .releasing)
  }

  private func replay(_ batch: EventBatch, _ row: TailRow, number: UInt64) throws(SQLiteError) {
    let bytes = batch.bytes.raw
    var membership = Commit(firstOffset: row.firstOffset, number: number, bytes: 0, events: 0)
    for (index, slot) in batch.slots.enumerated() {
      var span: SpanState?
      if slot.span.isPresent { span = try tables.spans.find(bytes.field(.span, of: slot)) }
      var producer: ProducerState?
      if slot.producer.isPresent {
        producer = try tables.producers.find(bytes.field(.producer, of: slot), seen: core.openedAt)
      }
      try admit(
        slot, bytes, offset: row.firstOffset + UInt64(index), span: &span, producer: producer,
        now: core.openedAt)
      membership.note(slot, bytes, of: span)
    }
    let committed = CommittedBatch(
      epoch: core.epochs.with { $0.epoch(of: row.firstOffset) }, firstOffset: row.firstOffset, batch: batch)
    core.tail.append(
      TailCache.Entry(committed: committed, keys: membership.sortedKeys(), received: row.received))
  }
}
