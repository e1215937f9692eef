internal import SignalboxLog
internal import Wire

/// Viewers at the tail who want the same events in the same form: each event is framed once for all of them.
final class LiveGroup {
  struct Key: Hashable {
    var filter: EventFilter
    var format: EventFormat
    var view = EventView.full
  }

  let key: Key
  let matcher: EventMatcher
  private(set) var members: [Viewer] = []
  private var pending = ByteWriter(capacity: 256)
  private var pendingEvents: UInt64 = 0

  init(key: Key) {
    self.key = key
    matcher = EventMatcher(key.filter)
  }

  var pendingBytes: Int { pending.count }

  func add(_ viewer: Viewer) {
    viewer.place = members.count
    members.append(viewer)
  }

  /// The last member takes the place of the one that goes.
  func remove(_ viewer: Viewer) {
    let last = members.removeLast()
    guard last !== viewer else { return }
    members[viewer.place] = last
    last.place = viewer.place
  }

  /// Frames an event when it matches; answers whether it did, and its form has something to say of it.
  func offer(
    _ slot: EventSlot, at offset: UInt64, of batch: CommittedBatch, _ framer: EventFramer
  ) -> Bool {
    guard matcher.isEmpty || matcher.matches(slot, in: batch.bytes.raw) else { return false }
    let position = Position(epoch: batch.epoch, offset: offset)
    guard framer.append(slot, in: batch.bytes.raw, at: position, as: key.format, view: key.view, to: &pending)
    else {
      return false
    }
    pendingEvents += 1
    return true
  }

  /// Hands over what was framed since the last time, and how many events that are.
  func take() -> (bytes: SharedBytes, events: UInt64) {
    defer { pendingEvents = 0 }
    return (pending.takeShared(), pendingEvents)
  }
}

/// The groups at the tail, found by the most selective member of their filter instead of by a scan.
struct LiveGroups {
  private var byKey: [LiveGroup.Key: LiveGroup] = [:]
  private var scanned: [LiveGroup] = []
  private var indexed: [(field: EventField, groups: [UInt64: [LiveGroup]])] =
    [.span, .trace, .session, .chain, .request].map { ($0, [:]) }

  var count: Int { byKey.count }

  func has(_ key: LiveGroup.Key) -> Bool { byKey[key] != nil }

  /// The group of that filter and form, made when there is none.
  mutating func group(_ key: LiveGroup.Key) -> LiveGroup {
    if let group = byKey[key] { return group }
    let group = LiveGroup(key: key)
    byKey[key] = group
    if let (place, hash) = home(of: key.filter) {
      indexed[place].groups[hash, default: []].append(group)
    } else {
      scanned.append(group)
    }
    return group
  }

  mutating func drop(_ group: LiveGroup) {
    byKey[group.key] = nil
    if let (place, hash) = home(of: group.key.filter) {
      indexed[place].groups[hash]?.removeAll { $0 === group }
      if indexed[place].groups[hash]?.isEmpty == true { indexed[place].groups[hash] = nil }
    } else {
      scanned.removeAll { $0 === group }
    }
  }

  /// Calls the closure with each group that an event may concern.
  func forEach(candidateFor slot: EventSlot, in bytes: UnsafeRawBufferPointer, _ body: (LiveGroup) -> Void) {
    for group in scanned { body(group) }
    for (field, groups) in indexed where !groups.isEmpty && slot[field].isPresent {
      for group in groups[Self.hash(bytes.field(field, of: slot))] ?? [] { body(group) }
    }
  }

  private func home(of filter: EventFilter) -> (place: Int, hash: UInt64)? {
    let values = [filter.span, filter.trace, filter.session, filter.chain, filter.request]
    guard let place = values.firstIndex(where: { $0 != nil }), var value = values[place] else { return nil }
    return (place, value.withUTF8 { Self.hash(UnsafeRawBufferPointer($0)) })
  }

  /// FNV-1a, 64 bits. A collision costs a comparison, no more: the group's own filter decides.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}
