extension Emitter {
  /// What became of the events of one exporter. At every moment `emitted == sent + dropped + buffered`.
  public struct Ledger: Sendable, Hashable {
    /// Events that were handed to the buffer, gap announcements among them.
    public var emitted = 0
    /// Events that the exporter accepted; merged deltas count as what they were.
    public var sent = 0
    /// Events that were given up: no room, refused, or not sent before the end.
    public var dropped = 0
    /// Events that wait or are being sent.
    public var buffered = 0

    public var balances: Bool { emitted == sent + dropped + buffered }
  }
}
