package import SignalboxLog
package import Wire

/// Hands every committed event to the viewers of one loop.
///
/// A viewer is at the tail, as a member of a group whose events are framed once, or behind, reading by its own
/// cursor. It leaves the tail when its queue is full, and joins again exactly where the tail was last flushed,
/// so it gets every event once. Confined to its loop.
package final class LiveHub {
  package private(set) var metrics = LiveMetrics()
  private let limits: LiveLimits
  private let shell: HubShell
  private var groups = LiveGroups()
  private var recent = RecentEvents()
  private let framer = EventFramer()
  private var viewers: [ObjectIdentifier: Viewer] = [:]
  private var dirty: [LiveGroup] = []
  /// Viewers at the tail.
  private var tailCount: UInt64 = 0
  /// The epoch of the last event delivered.
  private var epoch: UInt64
  /// The next offset that the log will hand over.
  private var delivered: UInt64
  /// Every member of a group has been sent what lies before this offset.
  private var flushed: UInt64
  private var nextFlush: UInt64 = 0
  /// Most events that a group was sent by the last flush.
  private var flushedEvents: UInt64 = 0
  /// When the flush began whose bytes the connections have not written yet.
  private var flushBegan: UInt64?
  private var flushScheduled = false

  /// - Parameter last: the position of the last event stored before the hub was made.
  package init(last: Position, limits: LiveLimits = LiveLimits(), shell: HubShell) {
    epoch = last.epoch
    self.limits = limits
    self.shell = shell
    delivered = last.offset + 1
    flushed = delivered
  }

  package var viewerCount: Int { viewers.count }

  /// The offset from which a viewer that wants "from now on" begins.
  package var tip: UInt64 { flushed }

  // MARK: Events

  /// Takes a commit; commits come in order and without a gap.
  package func commit(_ batch: CommittedBatch) {
    // A commit from before the hub was made is in the log, and no viewer here wait for it.
    guard batch.firstOffset >= delivered else { return }
    recent.append(batch)
    epoch = batch.epoch
    var offset = batch.firstOffset
    let bytes = batch.bytes.raw
    if groups.count > 0 {
      for slot in batch.slots {
        groups.forEach(candidateFor: slot, in: bytes) { group in
          let idle = group.pendingBytes == 0
          if group.offer(slot, at: offset, of: batch, framer), idle { dirty.append(group) }
        }
        offset += 1
      }
    }
    delivered = batch.firstOffset + UInt64(batch.slots.count)
    scheduleFlush()
  }

  /// Sends at once what comes one by one; gathers for a moment when the last sending held several events and took
  /// long.
  private func scheduleFlush() {
    guard !flushScheduled else { return }
    if dirty.isEmpty {
      metrics.range += (delivered - flushed) * tailCount
      flushed = delivered
      return
    }
    if shell.now() >= nextFlush { return flush() }
    flushScheduled = true
    shell.after(1) { [weak self] in
      self?.flushScheduled = false
      self?.flush()
    }
  }

  private func flush() {
    let start = shell.now()
    let from = flushed
    flushed = delivered
    metrics.range += (flushed - from) * tailCount
    let ready = dirty
    dirty.removeAll(keepingCapacity: true)
    flushedEvents = 0
    for group in ready {
      let (chunk, events) = group.take()
      flushedEvents = max(flushedEvents, events)
      // From the end: a member that leaves is replaced by one that was served already.
      var place = group.members.count
      while place > 0 {
        place -= 1
        if send(chunk, to: group.members[place], from: from) { metrics.sent += events }
      }
    }
    gather(since: start)
    flushBegan = flushBegan ?? start
  }

  /// To be called when the connections have written what they were given: however long that took, the next events are
  /// gathered for as long, so that a busy loop writes less often.
  package func wrote() {
    guard let start = flushBegan else { return }
    flushBegan = nil
    gather(since: start)
  }

  private func gather(since start: UInt64) {
    guard flushedEvents >= limits.gathering else { return }
    let end = shell.now()
    nextFlush = end + min(limits.tick, end - start)
  }

  /// Hands bytes to a viewer at the tail; false when its queue is full, and it is at the tail no more.
  private func send(_ chunk: SharedBytes, to viewer: Viewer, from: UInt64) -> Bool {
    let queued = viewer.transport.queuedBytes
    if queued > 0, queued + chunk.count > limits.queuedBytes {
      leaveTail(viewer)
      viewer.cursor = from
      viewer.state = .behind
      metrics.fellBehind += 1
      metrics.range -= flushed - from
      return false
    }
    metrics.deliveredBytes += UInt64(chunk.count)
    metrics.sends += 1
    viewer.transport.send(chunk)
    return true
  }

  // MARK: Viewers

  /// What lies before this offset has been sent to the viewer, or was not for it.
  package func served(_ viewer: Viewer) -> UInt64 { viewer.state == .tail ? flushed : viewer.cursor }

  /// Begins to serve a viewer from an offset on.
  package func add(_ viewer: Viewer, from offset: UInt64) {
    viewers[ObjectIdentifier(viewer)] = viewer
    viewer.cursor = offset
    viewer.progress = (shell.now(), viewer.transport.takenBytes)
    advance(viewer)
  }

  /// Forgets a viewer whose connection is gone.
  package func remove(_ viewer: Viewer) {
    guard viewers.removeValue(forKey: ObjectIdentifier(viewer)) != nil else { return }
    leaveTail(viewer)
    viewer.state = .closed
    viewer.atEnd?()
    viewer.atEnd = nil
  }

  /// The viewer's connection has taken all that was queued.
  package func drained(_ viewer: Viewer) {
    viewer.progress = (shell.now(), viewer.transport.takenBytes)
    if viewer.state == .behind { advance(viewer) }
  }

  private func advance(_ viewer: Viewer) {
    while viewer.state == .behind {
      if viewer.cursor == flushed {
        // A group made now was not there when the events that wait for the next flush were offered.
        if flushed < delivered, !groups.has(key(of: viewer)) {
          flush()
          continue
        }
        return joinTail(viewer)
      }
      // Its position comes from another loop, which was a moment ahead of this one.
      if viewer.cursor > flushed { return later(1, viewer) }
      guard viewer.transport.queuedBytes < limits.pageBytes else { return }
      guard viewer.pacer == nil,
        let page = recent.page(
          from: viewer.cursor, to: flushed, matcher: viewer.matcher, format: viewer.format,
          view: viewer.view, limit: limits.pageBytes, framer)
      else { return readPage(viewer) }
      deliver(page, to: viewer)
    }
  }

  private func key(of viewer: Viewer) -> LiveGroup.Key {
    LiveGroup.Key(filter: viewer.request.filter, format: viewer.format, view: viewer.view)
  }

  private func joinTail(_ viewer: Viewer) {
    let group = groups.group(key(of: viewer))
    group.add(viewer)
    tailCount += 1
    viewer.group = group
    viewer.state = .tail
    viewer.caughtUp.take()?()
  }

  private func leaveTail(_ viewer: Viewer) {
    guard let group = viewer.group else { return }
    group.remove(viewer)
    tailCount -= 1
    viewer.group = nil
    if group.members.isEmpty {
      groups.drop(group)
      dirty.removeAll { $0 === group }
    }
  }

  private func readPage(_ viewer: Viewer) {
    let request = LivePageRequest(
      from: viewer.cursor, to: flushed, filter: viewer.request.filter, format: viewer.format,
      view: viewer.view, timed: viewer.pacer != nil)
    viewer.state = .reading
    metrics.pages += 1
    let accepted = shell.read(request) { [weak self, weak viewer] page in
      guard let self, let viewer, viewer.state == .reading else { return }
      viewer.state = .behind
      if let failure = page.failure {
        return close(viewer, failure == .trimmed ? .reset : .failed)
      }
      if viewer.pacer != nil { return play(page, at: 0, to: viewer) }
      deliver(page, to: viewer)
      advance(viewer)
    }
    guard !accepted else { return }
    viewer.state = .behind
    later(20, viewer)
  }

  private func later(_ milliseconds: UInt64, _ viewer: Viewer) {
    shell.after(milliseconds) { [weak self, weak viewer] in
      guard let self, let viewer, viewer.state == .behind else { return }
      advance(viewer)
    }
  }

  private func deliver(_ page: LivePage, to viewer: Viewer) {
    advanceCursor(of: viewer, over: page)
    guard let bytes = page.bytes else { return }
    metrics.deliveredBytes += UInt64(bytes.count)
    viewer.transport.send(bytes)
  }

  private func advanceCursor(of viewer: Viewer, over page: LivePage) {
    metrics.range += page.next - viewer.cursor
    metrics.sent += page.count
    metrics.gap += page.missing
    viewer.replayed += page.count
    viewer.cursor = page.next
  }

  /// Sends the events of a page one by one when they are due.
  private func play(_ page: LivePage, at first: Int, to viewer: Viewer) {
    var event = first
    viewer.state = .playing
    while event < page.events.count {
      let now = shell.now()
      let due = viewer.pacer?.due(event: page.events[event].time, now: now) ?? now
      guard due <= now, viewer.transport.queuedBytes < limits.queuedBytes else {
        let wait = max(1, min((max(due, now) - now + 999_999) / 1_000_000, 60_000))
        return shell.after(wait) { [weak self, weak viewer] in
          guard let self, let viewer, viewer.state == .playing else { return }
          play(page, at: event, to: viewer)
        }
      }
      let start = page.events[event].start
      let end = event + 1 < page.events.count ? page.events[event + 1].start : page.bytes?.count ?? start
      if let bytes = page.bytes { viewer.transport.send(SharedBytes(copying: bytes[start..<end])) }
      event += 1
    }
    advanceCursor(of: viewer, over: page)
    viewer.state = .behind
    advance(viewer)
  }

  // MARK: Time

  /// Closes those who have stopped reading. To be called several times within `LiveLimits.stall`.
  package func closeStalled() {
    let now = shell.now()
    for viewer in Array(viewers.values) {
      // How much is queued does not tell: what a reader takes is filled up again.
      let taken = viewer.transport.takenBytes
      if viewer.transport.queuedBytes == 0 || taken > viewer.progress.taken {
        viewer.progress = (now, taken)
      } else if now - viewer.progress.time > limits.stall {
        metrics.stalled += 1
        close(viewer, .stalled)
      }
    }
  }

  /// Sends a heartbeat to all. To be called every 10 s.
  package func heartbeat() {
    var frames: [EventFormat: SharedBytes] = [:]
    for viewer in viewers.values where viewer.state == .tail {
      guard viewer.transport.queuedBytes < limits.queuedBytes else { continue }
      let frame = frames[viewer.format] ?? control("heartbeat", as: viewer.format, at: flushed)
      frames[viewer.format] = frame
      viewer.transport.send(frame)
    }
  }

  /// A control message with the position up to which its reader has been served.
  package func control(_ name: StaticString, as format: EventFormat, at offset: UInt64) -> SharedBytes {
    if case .dialect(let dialect) = format {
      return dialect.heartbeat(at: Position(epoch: epoch, offset: max(offset, 1) - 1))
    }
    var json = ByteWriter(capacity: 96)
    json.append("{\"control\":\"")
    json.append(name)
    json.append("\"")
    if offset > 0 {
      json.append(",\"position\":\"")
      json.append(Position(epoch: epoch, offset: offset - 1))
      json.append("\"")
    }
    json.append("}")
    var writer = ByteWriter(capacity: 128)
    // A WebSocket ping goes along, so that proxies and browsers see life in both directions.
    if format == .webSocket { writer.append(webSocketHead: .ping, count: 0) }
    writer.append(control: json.raw, as: format)
    return SharedBytes(taking: writer)
  }

  /// Ends all viewers: the server stops.
  package func closeAll() {
    for viewer in Array(viewers.values) { close(viewer, .goingAway) }
  }

  /// Ends one viewer.
  package func close(_ viewer: Viewer, _ reason: ViewerClose) {
    remove(viewer)
    viewer.transport.close(reason)
  }
}
