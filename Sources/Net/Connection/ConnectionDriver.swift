/// What a connection speaks. All calls come on the connection's loop.
protocol ConnectionDriver: AnyObject {
  /// Bytes arrived; they may be changed in place, are valid during the call and have
  /// `LoopShared.padding` readable bytes behind them.
  func received(_ bytes: UnsafeMutableRawBufferPointer)
  /// The peer sends nothing more.
  func ended()
  /// The end of an iteration in which `Connection.resumeSoon` was called.
  func resumed()
  /// What could not be written at once has been written.
  func drained()
  /// All was written after `Connection.shutDownWhenWritten`, and the peer was told.
  func finishedWriting()
  /// The deadline set with `Connection.setDeadline` has passed.
  func timedOut()
  /// The server is about to stop: finish what runs, begin nothing.
  func drain()
  /// The connection is gone; the last call.
  func closed()
}
