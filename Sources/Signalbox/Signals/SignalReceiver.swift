/// One subscription and what has become of it.
final class SignalReceiver: Sendable {
  enum Call: Sendable {
    case sync(@Sendable (any SignalNote) throws -> Void)
    case async(@Sendable (any SignalNote) async throws -> Void)
  }

  /// Notes that may wait for an async receiver.
  static let backlogLimit = 1000

  struct State {
    var isConnected = true
    /// A sync receiver that does not return; it is left out until it does.
    var isStuck = false
    /// When the call that runs began, nanoseconds; nil: none runs.
    var since: Int64?
    var hangWasReported = false
    var backlog: [any SignalNote] = []
    var isDraining = false
  }

  let name: String
  let signal: String
  let call: Call
  let state = Locked(State())
  private let sender: ObjectIdentifier?
  private let owner: WeakOwner?

  /// `@unchecked Sendable`: a weak reference may be read from any thread; nothing else is stored.
  private final class WeakOwner: @unchecked Sendable {
    weak var object: AnyObject?

    init(_ object: AnyObject) { self.object = object }
  }

  init(name: String, signal: String, sender: Any.Type?, owner: AnyObject?, call: Call) {
    self.name = name
    self.signal = signal
    self.sender = sender.map { ObjectIdentifier($0) }
    self.owner = owner.map { WeakOwner($0) }
    self.call = call
  }

  /// Neither disconnected nor outlived by its owner.
  var isAlive: Bool {
    if let owner, owner.object == nil { return false }
    return state.withLock { $0.isConnected }
  }

  func wants(_ sender: ObjectIdentifier?) -> Bool { self.sender == nil || self.sender == sender }
}
