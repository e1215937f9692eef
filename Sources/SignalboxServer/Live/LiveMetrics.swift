/// What a hub has done, for `/metrics`.
package struct LiveMetrics: Sendable {
  /// The readers' ledger, in events summed over viewers: range = sent + filtered + gap, where `range` is what
  /// they were led over and `filtered` what did not match.
  package var range: UInt64 = 0
  package var sent: UInt64 = 0
  /// What was stored and could not be given; each stretch was told to its reader.
  package var gap: UInt64 = 0
  package var filtered: UInt64 { range - sent - gap }
  package var deliveredBytes: UInt64 = 0
  package var sends: UInt64 = 0
  /// Pages read from the log by cursor.
  package var pages: UInt64 = 0
  /// Times a viewer left the tail.
  package var fellBehind: UInt64 = 0
  /// Viewers closed because they stopped reading.
  package var stalled: UInt64 = 0

  package init() {}

  /// The sums of the loops.
  package static func + (a: LiveMetrics, b: LiveMetrics) -> LiveMetrics {
    var sum = a
    sum.range += b.range
    sum.sent += b.sent
    sum.gap += b.gap
    sum.deliveredBytes += b.deliveredBytes
    sum.sends += b.sends
    sum.pages += b.pages
    sum.fellBehind += b.fellBehind
    sum.stalled += b.stalled
    return sum
  }
}
