/// Receives one transfer, on the thread that drives it. Exactly one `ended` comes last, unless the transfer
/// was cancelled: then nothing comes any more.
package protocol FetchHandler: AnyObject {
  /// The status line and headers of the final response (interim 1xx responses are skipped).
  func fetch(_ transfer: FetchTransfer, head: FetchHead)
  /// A piece of the body, decoded from its transfer coding and nothing else; valid during the call.
  func fetch(_ transfer: FetchTransfer, body: UnsafeRawBufferPointer) -> FetchFlow
  /// Comes once after all pieces of one wake-up: the moment to flush what was collected.
  func fetchTurnEnded(_ transfer: FetchTransfer)
  func fetch(_ transfer: FetchTransfer, ended: FetchEnd)
}

extension FetchHandler {
  package func fetchTurnEnded(_ transfer: FetchTransfer) {}
}

/// What the receiver wants after a piece of the body. After `pause` nothing comes until `resume`.
package enum FetchFlow: Sendable { case proceed, pause }

/// Names a running transfer. It goes stale at the end; using it then does nothing.
package struct FetchTransfer: Equatable {
  let handle: CurlHandle?
  let generation: UInt64

  /// What a request that could not be started has.
  static var none: FetchTransfer { FetchTransfer(handle: nil, generation: 0) }

  package static func == (left: Self, right: Self) -> Bool {
    left.handle === right.handle && left.generation == right.generation
  }
}

/// A response's status line and header lines, as they came; valid only during the call that hands it over.
package struct FetchHead {
  package let status: Int
  /// The status line and the header lines, each with its CRLF, without the empty line at the end.
  package let raw: UnsafeRawBufferPointer

  package init(status: Int, raw: UnsafeRawBufferPointer) {
    self.status = status
    self.raw = raw
  }

  /// Calls `body` with each header's name and value (without the white space around it), in order.
  package func forEachHeader(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
    var isStatusLine = true
    var start = 0
    while start < raw.count {
      var end = start
      while end < raw.count, raw[end] != 0x0A { end += 1 }
      if !isStatusLine, let (name, value) = Self.split(UnsafeRawBufferPointer(rebasing: raw[start..<end])) {
        body(name, value)
      }
      isStatusLine = false
      start = end + 1
    }
  }

  /// The first header of this name, compared without regard to case.
  package func value(_ name: String) -> String? {
    var found: String?
    forEachHeader { key, value in
      guard found == nil, String(decoding: key, as: UTF8.self).lowercased() == name.lowercased() else {
        return
      }
      found = String(decoding: value, as: UTF8.self)
    }
    return found
  }

  private static func split(
    _ line: UnsafeRawBufferPointer
  ) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer)? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    var from = colon + 1
    var to = line.count
    while from < to, line[from] == 0x20 || line[from] == 0x09 { from += 1 }
    while to > from, line[to - 1] == 0x20 || line[to - 1] == 0x09 || line[to - 1] == 0x0D { to -= 1 }
    return (
      UnsafeRawBufferPointer(rebasing: line[..<colon]), UnsafeRawBufferPointer(rebasing: line[from..<to])
    )
  }
}

/// How a transfer ended.
package struct FetchEnd: Sendable {
  /// `nil` when the response came whole, whatever its status.
  package var error: FetchError?
  /// 0 when no response came.
  package var status: Int
  /// Bytes of the body that were handed over.
  package var received: Int
  /// Whether a kept connection served it.
  package var reusedConnection: Bool
}
