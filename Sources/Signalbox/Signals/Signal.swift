/// A kind of note that any number of receivers can ask for.
///
/// Sending never blocks, never throws and runs no receiver: receivers run on the signals' own thread, async ones in
/// a task of their own, each in the order of sending. One that throws, hangs or falls behind is reported and
/// disturbs nobody.
public struct Signal<Note: SignalNote>: Sendable {
  /// Names the signal in reports.
  public let name: String
  let dispatcher: SignalDispatcher

  /// Has every note of this signal handed to `receiver`, until the token is disconnected or `owner` is gone.
  ///
  /// - Parameters:
  ///   - sender: only notes that this type sent; nil: all.
  ///   - owner: the subscription ends with its life; nil: it is held until it is disconnected.
  ///   - name: names the receiver in reports.
  @discardableResult
  public func connect(
    sender: Any.Type? = nil, owner: AnyObject? = nil, name: String = #function,
    _ receiver: @escaping @Sendable (Note) throws -> Void
  ) -> SignalToken {
    dispatcher.connect(
      SignalReceiver(
        name: name, signal: self.name, sender: sender, owner: owner,
        call: .sync { note in
          if let note = note as? Note { try receiver(note) }
        }))
  }

  /// The same with a receiver that awaits; it is handed the next note when it is done with the last. At most 1000
  /// notes wait for it; further ones are dropped, counted and reported.
  @discardableResult
  public func connect(
    sender: Any.Type? = nil, owner: AnyObject? = nil, name: String = #function,
    _ receiver: @escaping @Sendable (Note) async throws -> Void
  ) -> SignalToken {
    dispatcher.connect(
      SignalReceiver(
        name: name, signal: self.name, sender: sender, owner: owner,
        call: .async { note in
          if let note = note as? Note { try await receiver(note) }
        }))
  }

  /// Hands a note to the receivers, some time soon. `sender` is the type of the service that acts.
  public func send(_ note: Note, sender: Any.Type? = nil) {
    dispatcher.send(note, signal: name, sender: sender)
  }
}

/// A subscription; keeping it is not needed, disconnecting it twice does nothing.
public final class SignalToken: Sendable {
  private let action: @Sendable () -> Void

  init(_ action: @escaping @Sendable () -> Void) { self.action = action }

  /// Nothing is handed to the receiver any more; a call that runs runs to its end.
  public func disconnect() { action() }
}

/// What went wrong with a receiver.
public struct SignalProblem: Sendable, CustomStringConvertible {
  /// What it was.
  public enum Kind: Sendable {
    /// It threw this error.
    case threw(any Error)
    /// It has not returned for longer than the limit; notes for a sync receiver that hangs are dropped meanwhile.
    case hangs
    /// Notes were dropped, because too many waited: for it, or (receiver `*`) for all.
    case dropped(Int)
  }

  public var signal: String
  public var receiver: String
  public var kind: Kind

  public var description: String {
    switch kind {
    case .threw(let error): "\(signal): \(receiver) threw \(error)"
    case .hangs: "\(signal): \(receiver) does not return"
    case .dropped(let count): "\(signal): \(count) not handed to \(receiver)"
    }
  }
}
