/// What the hub needs of the loop that it lives on.
package struct HubShell {
  /// A monotonic clock, nanoseconds.
  package var now: () -> UInt64
  /// Calls back on the loop after so many milliseconds.
  package var after: (UInt64, @escaping () -> Void) -> Void
  /// Reads a page off the loop and hands it back on the loop; false when too many are waiting.
  package var read: (LivePageRequest, @escaping (LivePage) -> Void) -> Bool

  package init(
    now: @escaping () -> UInt64, after: @escaping (UInt64, @escaping () -> Void) -> Void,
    read: @escaping (LivePageRequest, @escaping (LivePage) -> Void) -> Bool
  ) {
    self.now = now
    self.after = after
    self.read = read
  }
}

/// The bounds of a hub.
package struct LiveLimits: Sendable {
  /// Bytes that may wait for a viewer before it leaves the tail; 1 MiB.
  package var queuedBytes = 1 << 20
  /// Bytes of a page read by cursor; 256 KiB.
  package var pageBytes = 256 << 10
  /// A viewer that takes nothing for so long while bytes wait is closed; nanoseconds, 30 s.
  package var stall: UInt64 = 30_000_000_000
  /// Longest time for which events are gathered before they are sent when the loop is busy; nanoseconds, 1 ms.
  package var tick: UInt64 = 1_000_000
  /// Events that a sending must have held for the next ones to be gathered: those that come one by one wait for
  /// nothing. 2.
  package var gathering: UInt64 = 2

  package init() {}
}
