internal import Net
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// Stores what is written in sessions, and hands it to whoever answers. Confined to its loop.
final class SessionChat {
  private let log: EventLog
  private let desk: ChatDesk
  private let stores: Bool
  private let loop: EventLoop
  private var ids = UUIDv7Generator()

  init(log: EventLog, desk: ChatDesk, stores: Bool, loop: EventLoop) {
    self.log = log
    self.desk = desk
    self.stores = stores
    self.loop = loop
  }

  /// Takes a message; `failed` is called on the loop, now or later, with a sentence when it is not taken. A message
  /// that was stored before, by its id, is not answered again.
  func take(_ content: String, id: String?, session: String, failed: @escaping (String) -> Void) {
    guard desk.hasHandler || stores else {
      return failed(
        "Nobody answers messages here: start the server with --chat-url, or with --chat-events and a program that "
          + "watches chat.message events")
    }
    guard !desk.hasHandler || desk.reserve(session) else {
      return failed("Too many messages are waiting; send it again in a moment")
    }
    var builder = EventBatchBuilder(capacity: content.utf8.count + 256)
    let id = write(content, id: id, session: session, to: &builder)
    let message = ChatMessage(session: session, id: id, content: content)
    let desk = desk
    let loop = loop
    // The closure is the loop's own: it travels through the writer's thread, and runs on the loop only.
    nonisolated(unsafe) let failed = failed
    let admission = log.submit(builder.finish()) { result in
      // Whether the socket is still there or not: what is stored is answered.
      loop.enqueue {
        guard desk.hasHandler else {
          if let failure = result.failure { failed(failure.message) }
          return
        }
        if result.failure == nil, result.duplicates == 0 { return desk.answer(message) }
        desk.release(session)
        if let failure = result.failure { failed(failure.message) }
      }
    }
    guard let refusal = APIError(admission) else { return }
    if desk.hasHandler { desk.release(session) }
    failed(refusal.message)
  }

  /// Writes the event `chat.message`; returns its id.
  private func write(
    _ content: String, id: String?, session: String, to builder: inout EventBatchBuilder
  ) -> String {
    let now = Timestamp.now()
    var text = ByteWriter(capacity: 36)
    builder.begin()
    if let id {
      builder.string(.id, id)
      text.append(utf8: id)
    } else {
      let minted = ids.next(at: now)
      builder.mintedID(minted)
      text.append(uuid: minted)
    }
    builder.string(.type, "chat.message")
    builder.time(now)
    builder.received(now)
    builder.string(.session, session)
    builder.string(.request, text.string)
    builder.json(.data) { data in
      data.append("{\"role\":\"user\",\"content\":")
      data.append(jsonString: content)
      data.append("}")
    }
    builder.end()
    return text.string
  }
}
