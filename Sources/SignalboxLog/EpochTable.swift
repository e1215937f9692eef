import Wire

/// Whether a reader can go on from a position.
package enum PositionStanding: Equatable, Sendable {
  /// It can: after this offset.
  case valid(after: UInt64)
  /// The position is of another log, or of an opening that was forgotten.
  case unknownEpoch
  /// What came next was trimmed since.
  case trimmed
  /// It lies behind what this epoch has written.
  case ahead
}

/// The openings of the log: each mints an epoch, which names the events written until the next one.
struct EpochTable: Sendable {
  /// In order; a later one with the same first offset replaces an earlier one that wrote nothing.
  private(set) var entries: [(epoch: UInt64, firstOffset: UInt64)]

  init(_ entries: [(epoch: UInt64, firstOffset: UInt64)]) { self.entries = entries }

  var current: UInt64 { entries.last?.epoch ?? 0 }

  /// The epoch that wrote the event at `offset`.
  func epoch(of offset: UInt64) -> UInt64 {
    entries.last { $0.firstOffset <= offset }?.epoch ?? entries.first?.epoch ?? 0
  }

  func standing(of position: Position, firstRetained: UInt64, tip: UInt64) -> PositionStanding {
    guard let index = entries.lastIndex(where: { $0.epoch == position.epoch }) else { return .unknownEpoch }
    let end = index + 1 < entries.count ? entries[index + 1].firstOffset : tip
    guard position.offset < end else { return .ahead }
    guard position.offset + 1 >= firstRetained else { return .trimmed }
    return .valid(after: position.offset)
  }
}
