extension Emitter {
  /// What became of the events of one exporter. At every moment `emitted == sent + dropped + buffered`.
  public struct Ledger: Sendable, Hashable {
    /// Events that were handed to the buffer, gap announcements among them.
    public var emitted: Int
    /// Events that the exporter accepted; merged deltas count as what they were.
    public var sent: Int
    /// Events that were given up: no room, refused, or not sent before the end.
    public var dropped: Int
    /// Events that wait or are being sent.
    public var buffered: Int

    public init(emitted: Int = 0, sent: Int = 0, dropped: Int = 0, buffered: Int = 0) {
      self.emitted = emitted
      self.sent = sent
      self.dropped = dropped
      self.buffered = buffered
    }

    public var balances: Bool { emitted == sent + dropped + buffered }
  }
}
