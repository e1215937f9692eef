import CUV

/// A call of the network layer that failed.
package struct NetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was tried, e.g. `listen on 127.0.0.1:7446`.
  package var action: String
  /// Why it did not work, in the system's words.
  package var reason: String

  package init(_ action: String, reason: String) {
    self.action = action
    self.reason = reason
  }

  /// `code` is libuv's: a negated errno.
  init(_ action: String, code: Int32) {
    self.init(action, reason: String(cString: uv_strerror(code)))
  }

  package var description: String { "cannot \(action): \(reason)" }
}
