package import Wire

/// Why a viewer's connection is ended.
package enum ViewerClose: Equatable, Sendable {
  /// It stopped reading: it may come back with its position.
  case stalled
  /// What it was to read next is trimmed, or its position is not known: it must start anew.
  case reset
  /// The server stops: it may come back with its position.
  case goingAway
  /// The log cannot be read.
  case failed
  /// Its token is over: it may come back with its position and another one.
  case expired

  /// The WebSocket close code. 4401 means "who are you?", 4408 means "come back with your position", 4409 "start anew".
  package var code: UInt16 {
    switch self {
    case .stalled: 4408
    case .reset: 4409
    case .goingAway: 1001
    case .failed: 1011
    case .expired: 4401
    }
  }

  package var reason: String {
    switch self {
    case .stalled: "You stopped reading; come back with after=<your last position>"
    case .reset: "What comes after your position is gone; start anew"
    case .goingAway: "The server stops; come back with after=<your last position>"
    case .failed: "The log cannot be read"
    case .expired: "Your token is over; come back with another and after=<your last position>"
    }
  }
}

/// The connection of a viewer, as the hub sees it: a queue of shared bytes.
package protocol ViewerTransport: AnyObject {
  /// Bytes that are accepted but not yet with the kernel.
  var queuedBytes: Int { get }
  /// Bytes that the kernel has taken since the connection began.
  var takenBytes: Int { get }
  /// Sends bytes that are framed already; they are shared, not copied.
  func send(_ bytes: SharedBytes)
  func close(_ reason: ViewerClose)
}

/// A page of stored events in a viewer's form.
package struct LivePage: Sendable {
  package enum Failure: Equatable, Sendable {
    /// Retention has taken what comes next.
    case trimmed
    case unreadable
  }

  /// Framed events.
  package var bytes: SharedBytes?
  /// Where each event begins in `bytes`, and its time: for a replay; else empty.
  package var events: [(start: Int, time: Int64)] = []
  /// The offset to go on with.
  package var next: UInt64
  /// Events in `bytes`, and events that were stored and cannot be given.
  package var count: UInt64 = 0
  package var missing: UInt64 = 0
  package var failure: Failure?

  package init(bytes: SharedBytes?, next: UInt64, failure: Failure? = nil) {
    self.bytes = bytes
    self.next = next
    self.failure = failure
  }
}

/// What a viewer asks the log for.
package struct LivePageRequest: Sendable {
  /// First offset wanted.
  package var from: UInt64
  /// First offset not wanted.
  package var to: UInt64
  package var filter: EventFilter
  package var format: EventFormat
  package var view = EventView.full
  /// Whether the times are wanted.
  package var timed: Bool
}
