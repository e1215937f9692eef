public import Signalbox

/// What somebody wrote in a session's socket.
public struct ChatMessage: Sendable, Hashable {
  /// The session it was written in.
  public let session: String
  /// The client's own id of it, else one made here; the `request` of all that is emitted while it is answered.
  public let id: String
  /// The text, at most 256 KiB.
  public let content: String

  public init(session: String, id: String, content: String) {
    self.session = session
    self.id = id
    self.content = content
  }
}

/// Answers the messages of a server's sessions.
///
/// It runs off the server's loops, within a span of the kind `chat` whose session is the message's, so that what is
/// emitted in it, an agent's run for one, belongs to the session. The messages of one session are answered one after
/// another, those of different sessions at the same time. What it throws is told to the session as an error.
public typealias ChatHandler = @Sendable (ChatMessage, ChatReply) async throws -> Void

/// How a message is answered: whole, in pieces, or both. Nothing here waits for a client, and nothing throws.
public struct ChatReply: Sendable {
  /// The span of this answer, for events and progress of your own.
  public let span: ActiveSpan
  private let text = Locked(StreamedText())

  private struct StreamedText {
    var text = ""
    var isCut = false
  }

  /// Longest text of pieces that is said again as a whole at the end, in bytes.
  static let wholeLimit = 512 << 10

  init(_ span: ActiveSpan) { self.span = span }

  public var session: String { span.context.session ?? "" }

  /// A whole answer, of less than 1 MiB. May be called several times: each is an answer of its own.
  public func send(_ text: String) {
    guard !text.isEmpty else { return }
    span.emit("chat.reply", ["content": .string(text)])
  }

  /// A piece of the answer as it is written. Clients that asked for pieces get it at once; everybody gets the pieces
  /// joined, as one answer, when the handler returns.
  public func delta(_ piece: String) {
    guard !piece.isEmpty else { return }
    span.delta(piece)
    text.withLock { streamed in
      guard !streamed.isCut else { return }
      if streamed.text.utf8.count + piece.utf8.count > Self.wholeLimit {
        streamed.isCut = true
      } else {
        streamed.text += piece
      }
    }
  }

  /// The handler has returned: the pieces are the span's output.
  func finish() {
    let whole = text.withLock { $0.isCut ? $0.text + "…" : $0.text }
    if !whole.isEmpty { span.output(.string(whole)) }
  }
}

extension SpanKind {
  /// The answering of a message in a session.
  public static let chat = SpanKind("chat")
}
