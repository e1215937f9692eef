/// Gets a copy of the bytes of model calls as they come: the way to record them.
///
/// A client or a gateway that was given one calls `begin` for every request that it sends. Nothing here may block:
/// it is called on the way of the bytes.
public protocol ByteTap: Sendable {
  /// A request leaves.
  ///
  /// - Parameters:
  ///   - method: Such as `POST`.
  ///   - path: The request's path with its query, without the host.
  ///   - body: Valid during the call.
  func begin(method: String, path: String, body: UnsafeRawBufferPointer) -> any ByteTapCall
}

/// The bytes of one call. Called by one thread at a time: the head, the body in pieces, the end.
public protocol ByteTapCall: AnyObject, Sendable {
  /// The answer's head came.
  func head(status: Int, headers: [(name: String, value: String)])
  /// A piece of the body came, as it came; valid during the call.
  func body(_ bytes: UnsafeRawBufferPointer)
  /// Nothing follows. Only the first call counts.
  func end(_ end: Cassette.End)
}
