internal import Wire

/// One who watches: a cursor, a filter and a connection. Confined to its loop.
package final class Viewer {
  enum State: Equatable {
    /// A member of its group: it gets what is committed as it is committed.
    case tail
    /// Behind: it reads by its cursor as fast as its connection takes it.
    case behind
    /// Behind, and a page is under way.
    case reading
    /// A page of a replay is being played.
    case playing
    case closed
  }

  package let request: LiveRequest
  package let format: EventFormat
  package let view: EventView
  let matcher: EventMatcher
  let transport: any ViewerTransport
  var state = State.behind
  /// The next offset it wants; not kept up while it is at the tail.
  var cursor: UInt64 = 0
  /// Its group while it is at the tail, and its place in there.
  var group: LiveGroup?
  var place = 0
  /// When its connection last took anything, and how much it had taken by then.
  var progress: (time: UInt64, taken: Int) = (0, 0)
  var pacer: ReplayPacer?
  /// Called once when it is served no more.
  var atEnd: (() -> Void)?
  /// Events that it was sent while it was behind.
  var replayed: UInt64 = 0
  /// Called once, when it comes to the tail: behind what it was behind by, before what is new.
  var caughtUp: (() -> Void)?

  package init(
    request: LiveRequest, format: EventFormat, view: EventView = .full, transport: any ViewerTransport
  ) {
    self.request = request
    self.format = format
    self.view = view
    self.transport = transport
    matcher = EventMatcher(request.filter)
    pacer = request.replay.map { ReplayPacer(speed: $0) }
  }
}
