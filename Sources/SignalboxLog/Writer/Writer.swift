import Signalbox
import Synchronization
import Wire

/// The one thread that stores: it takes what waits, gives it offsets, leaves out what is there already, commits
/// it, and hands the committed batch to all.
///
/// `@unchecked Sendable`: made on the opening thread, handed to its own thread once, and used there only.
final class Writer: @unchecked Sendable {
  let core: LogCore
  let database: Database
  let codec = BlockCodec()
  var tables: WriterTables
  private var tip: UInt64
  private var commits: UInt64 = 0
  private let insertTail: Statement
  private var courtesy = Courtesy()
  private let cleaner: (any EventCleaner)?
  /// Events taken at once from which on the writer is behind, and no longer lets others in.
  private static let crowd = 512

  /// Reads the state; `database` is the writer's own connection.
  init(core: LogCore, database: Database) throws(SQLiteError) {
    self.core = core
    self.database = database
    cleaner = core.options.cleaner?()
    tip = core.tip.load(ordering: .acquiring)
    insertTail = try database.prepare(
      """
      INSERT INTO tail(first_offset, count, received, codec, size, checksum, bytes)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """)
    tables = try WriterTables(database, core: core)
    core.watchWAL(of: database)
    try replayTail()
  }

  /// Works until the inbox is closed and empty.
  func run() {
    while true {
      let work = core.inbox.take(events: core.options.commitEvents, bytes: core.options.commitBytes)
      if !work.submissions.isEmpty { store(work.submissions) }
      for control in work.controls { carryOut(control) }
      if work.isLast { break }
    }
    saveAll()
  }

  private func carryOut(_ control: Inbox.Control) {
    switch control {
    case .heartbeat(let producer): noteHeartbeat(of: producer)
    case .reap: reap()
    case .resume: resume()
    case .barrier(let done): done()
    }
  }

  // MARK: Storing

  /// Commits the batches together and tells their senders.
  func store(_ submissions: [Submission]) {
    defer { for body in core.answered.with({ $0 }) { body() } }
    guard !core.isUnavailable.load(ordering: .relaxed) else {
      return refuse(submissions, core.unavailableFailure)
    }
    do {
      commits += 1
      cleaner?.begin()
      courtesy.isShown = submissions.reduce(0) { $0 + $1.batch.count } < Self.crowd
      var commit = Commit(
        firstOffset: tip, number: commits,
        bytes: submissions.reduce(0) { $0 + $1.batch.bytes.count },
        events: submissions.reduce(0) { $0 + $1.batch.count })
      let now = core.options.now().nanoseconds
      // Looking up spans in one transaction: each would take and give back SQLite's locks by itself.
      let results =
        submissions.contains { $0.batch.slots.contains { $0.span.isPresent } }
        ? try database.read { () throws(SQLiteError) in try take(submissions, into: &commit, now: now) }
        : try take(submissions, into: &commit, now: now)
      if commit.builder.count > 0 { try finish(commit) }
      tell(submissions, results)
    } catch {
      fail(submissions, error)
    }
  }

  private func take(
    _ submissions: [Submission], into commit: inout Commit, now: Int64
  ) throws(SQLiteError) -> [SubmitResult] {
    var results: [SubmitResult] = []
    results.reserveCapacity(submissions.count)
    for submission in submissions { results.append(try take(submission.batch, into: &commit, now: now)) }
    return results
  }

  /// Adds the events of a batch that are not stored yet.
  private func take(
    _ batch: EventBatch, into commit: inout Commit, now: Int64
  ) throws(SQLiteError) -> SubmitResult {
    var result = SubmitResult(position: Position(epoch: 0, offset: 0))
    let bytes = batch.bytes.raw
    let tables = tables
    for slot in batch.slots {
      courtesy.pieceDone(of: 64)
      var span: SpanState?
      if slot.span.isPresent { span = try tables.spans.find(bytes.field(.span, of: slot)) }
      var producer: ProducerState?
      if slot.producer.isPresent {
        producer = try tables.producers.find(bytes.field(.producer, of: slot), seen: now)
      }
      let identity = tables.identity(of: slot, bytes)
      if tables.isStored(identity, slot, span: span, producer: producer) {
        result.duplicates += 1
        continue
      }
      var isLate = false
      if let cleaner,
        // What comes behind the end follows nothing.
        let cleaned = cleaner.clean(
          slot, of: bytes, nextIndex: span?.row.ended == nil ? span?.indexes.end ?? 0 : nil)
      {
        for piece in cleaned.slots {
          isLate = try put(piece, cleaned.bytes.raw, into: &commit, span: &span, producer: producer, now: now)
        }
        withExtendedLifetime(cleaned) {}
      } else {
        isLate = try put(slot, bytes, into: &commit, span: &span, producer: producer, now: now)
      }
      if case .id(let hash) = identity {
        tables.ids.insert(hash)
        commit.ids.append(hash)
      }
      result.stored += 1
      if isLate { result.late += 1 }
    }
    withExtendedLifetime(batch) {}
    let last = commit.builder.count > 0 ? commit.nextOffset - 1 : tip - 1
    result.position = core.position(of: last)
    return result
  }

  /// Adds an event to the commit; whether it is late.
  private func put(
    _ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, into commit: inout Commit, span: inout SpanState?,
    producer: ProducerState?, now: Int64
  ) throws(SQLiteError) -> Bool {
    let inherited = span.map { Self.inherited(slot, from: $0) } ?? Inherited()
    let offset = commit.nextOffset
    commit.builder.append(copying: slot, from: bytes, inheriting: inherited)
    try admit(slot, bytes, offset: offset, span: &span, producer: producer, now: now)
    commit.note(slot, bytes, of: span)
    return inherited.late
  }

  /// Takes a stored event into the tables, unless their rows know it already; the same when it is committed and
  /// when it is replayed.
  func admit(
    _ slot: EventSlot, _ bytes: UnsafeRawBufferPointer, offset: UInt64, span: inout SpanState?,
    producer: ProducerState?, now: Int64
  ) throws(SQLiteError) {
    if slot.span.isPresent {
      let state: SpanState
      if let span {
        state = span
      } else {
        state = try tables.spans.make(slot, bytes, offset: offset, seen: now)
      }
      span = state
      if offset >= state.asOf {
        try tables.spans.apply(slot, bytes, to: state, offset: offset, seen: now)
      }
    }
    if let producer, offset >= producer.asOf {
      tables.producers.apply(slot, to: producer, offset: offset, seen: now)
    }
  }

  /// What the event takes over from its span. Without a `received` there is no place to put it.
  private static func inherited(_ slot: EventSlot, from span: SpanState) -> Inherited {
    var inherited = Inherited()
    guard slot.insertion > 0 else { return inherited }
    if !slot.trace.isPresent { inherited.trace = span.trace }
    if !slot.session.isPresent { inherited.session = span.session }
    if !slot.chain.isPresent { inherited.chain = span.chain }
    inherited.late = span.isLate(slot.phase)
    return inherited
  }

  /// Writes the commit's row, and the rows of spans that it opened or ended; then shows it to all.
  private func finish(_ commit: consuming Commit) throws(SQLiteError) {
    let keys = commit.sortedKeys()
    let received = commit.received
    let ids = commit.ids
    let committed = CommittedBatch(
      epoch: core.currentEpoch, firstOffset: commit.firstOffset, batch: commit.finish())
    let packed = pack(committed)
    let end = committed.endOffset
    let started = SystemTime.monotonic
    try core.turn.with { () throws(SQLiteError) in
      try database.write { () throws(SQLiteError) in
        insertTail.bind(1, committed.firstOffset)
        insertTail.bind(2, committed.count)
        insertTail.bind(3, received)
        insertTail.bind(4, packed.codec.rawValue)
        insertTail.bind(5, packed.size)
        insertTail.bind(6, packed.checksum)
        insertTail.bind(7, borrowing: packed.bytes.raw)
        try insertTail.run()
        try tables.idStore.save(ids, firstOffset: committed.firstOffset)
        try saveRows(end: end, events: committed.count)
      }
    }
    withExtendedLifetime(packed) {}
    let duration = SystemTime.monotonic - started
    tip = end
    core.files.note(tip: end)
    core.tail.append(TailCache.Entry(committed: committed, keys: keys, received: received))
    core.tip.store(end, ordering: .releasing)
    core.savedUpTo.store(tables.dirtySince() ?? end, ordering: .releasing)
    if let floor = tables.noteIDs(ids.count, at: committed.firstOffset) {
      core.idFloor.store(floor, ordering: .relaxed)
    }
    core.metrics.with { metrics in
      metrics.commits += 1
      metrics.stored += UInt64(committed.count)
      metrics.storedBytes += UInt64(committed.bytes.count)
      metrics.spansInMemory = tables.spans.count
      metrics.commitLatency.record(nanoseconds: duration)
    }
    if core.hasSegmentToSeal {
      core.upkeep.signal { $0.shouldSeal = true }
    }
    for observer in core.observers.with({ $0 }) { observer(committed) }
  }

  private func pack(_ committed: CommittedBatch) -> BlockCodec.Packed {
    var block = ByteWriter(capacity: committed.bytes.count + committed.count * 4 + 16)
    var offset = committed.firstOffset
    EventBlock.appendHead(
      committed.slots.map { slot in
        defer { offset += 1 }
        return (offset: offset, length: slot.length)
      }, base: committed.firstOffset, to: &block)
    block.append(committed.bytes.raw)
    return codec.pack(block)
  }

  /// Saves rows that this commit changed and some of those that lag behind: the further the oldest lags, the
  /// more, so the tail that a restart replays stays short however many spans stream at once.
  private func saveRows(end: UInt64, events: Int) throws(SQLiteError) {
    let allowed = UInt64(core.options.segmentEvents * 2)
    let horizon = end > allowed ? end - allowed : 0
    let lag = Int(end - (tables.dirtySince() ?? end))
    let slice = max(8, events * lag / (16 * Int(allowed)))
    try tables.spans.save(behind: horizon, slice: slice) { courtesy.pieceDone(of: 8) }
    try tables.producers.save(behind: horizon, slice: slice)
  }

  /// Saves every row that lags behind, so the next opening has nothing to replay.
  private func saveAll() {
    guard !core.isUnavailable.load(ordering: .relaxed) else { return }
    try? core.turn.with { () throws(SQLiteError) in
      try database.write { () throws(SQLiteError) in
        try tables.spans.save(behind: .max, slice: .max)
        try tables.producers.save(behind: .max, slice: .max)
      }
    }
  }

  private func tell(_ submissions: [Submission], _ results: [SubmitResult]) {
    let duplicates = results.reduce(0) { $0 + $1.duplicates }
    let late = results.reduce(0) { $0 + $1.late }
    if duplicates + late > 0 {
      core.metrics.with { metrics in
        metrics.duplicates += UInt64(duplicates)
        metrics.late += UInt64(late)
      }
    }
    for (submission, result) in zip(submissions, results) { submission.completion(result) }
  }

  // MARK: Failing and coming back

  /// Nothing of the commit was stored: says so to its senders and stops taking more until a probe succeeds.
  private func fail(_ submissions: [Submission], _ error: SQLiteError) {
    cleaner?.rollBack()
    core.becomeUnavailable(error)
    core.metrics.with { $0.failed += UInt64(submissions.count) }
    refuse(submissions, core.unavailableFailure)
  }

  private func refuse(_ submissions: [Submission], _ failure: SubmitResult.Failure) {
    let position = core.position(of: tip - 1)
    for submission in submissions {
      submission.completion(SubmitResult(position: position, failure: failure))
    }
  }

  /// Forgets what the failed commit left in memory by reading the tables again, and takes submissions again.
  private func resume() {
    guard core.isUnavailable.load(ordering: .relaxed) else { return }
    do {
      tables = try WriterTables(database, core: core)
      try replayTail()
      core.becomeAvailable()
    } catch {
      core.notify(.upkeepFailed, "the log cannot be read again after a failed commit: \(error)")
    }
  }
}
