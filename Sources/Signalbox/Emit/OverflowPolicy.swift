/// What gives way when the buffer of an exporter is full. Starts and ends of spans have room reserved and
/// go last; what is dropped is counted and announced by a `signalbox.gap` event.
public enum OverflowPolicy: Sendable, Hashable {
  /// Adjacent deltas of a span are merged, which loses nothing; then the oldest deltas are dropped. The
  /// default.
  case mergeThenDropOldest
  /// Adjacent deltas of a span are merged; then the newest deltas are dropped.
  case mergeThenDropNewest
  /// Nothing is merged, so that every delta that is sent keeps its own time; the newest deltas are dropped.
  case dropNewest
}
