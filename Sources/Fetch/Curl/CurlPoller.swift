/// The event loop that tells a `CurlMulti` when its sockets are ready and its time has come.
///
/// All calls come on the loop's thread. None may call back into the `CurlMulti` before it returns.
package protocol CurlPoller: AnyObject {
  /// Report readiness of `descriptor` by `CurlMulti.socketReady`, level-triggered, until told otherwise.
  /// Called again when what is waited for changes: keep one poll handle a descriptor.
  func watch(_ descriptor: Int32, readable: Bool, writable: Bool)
  /// Stop reporting; the connection may be kept and watched again later.
  func unwatch(_ descriptor: Int32)
  /// The descriptor is closed right after this call: forget everything about it.
  func closing(_ descriptor: Int32)
  /// Call `CurlMulti.timerFired` once after this time (0: in the next turn); `nil` calls it off.
  func setTimer(milliseconds: Int?)
}
