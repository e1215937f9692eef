internal import Signalbox
internal import SignalboxLog

/// The bounds of what is answered at once.
struct ChatLimits: Sendable {
  /// Messages of one session that may wait, the one that is being answered among them; 16.
  var perSession = 16
  /// Messages that are answered at the same time; 256.
  var running = 256
  /// Messages of all sessions together; 4096.
  var total = 4096
}

/// Hands the messages of sessions to the handler: those of one session one after another, in the order in which they
/// were stored.
///
/// Places are reserved before a message is stored, so that what is stored is answered too. The lock is never held
/// while calling out.
final class ChatDesk: Sendable {
  private struct Room {
    var waiting: [ChatMessage] = []
    /// Places given away and not taken yet.
    var reserved = 0
    var isRunning = false

    var count: Int { waiting.count + reserved + (isRunning ? 1 : 0) }
  }

  private struct State {
    var rooms: [String: Room] = [:]
    /// Sessions whose next message may be answered as soon as there is room, in the order in which they came.
    var ready: [String] = []
    /// What is being answered, by a number of its own; nil while its task is being made.
    var running: [UInt64: Task<Void, Never>?] = [:]
    var started: UInt64 = 0
    var total = 0
    var answered = 0
    var refused = 0
    var isStopped = false
  }

  private let handler: ChatHandler?
  private let emitter: Emitter
  private let limits: ChatLimits
  private let state = Locked(State())
  /// Whether the last answer that was under way has ended; looked at by `stop`.
  private let idle = Guarded(false)

  init(log: EventLog, handler: ChatHandler?, limits: ChatLimits = ChatLimits()) {
    var configuration = Emitter.Configuration()
    configuration.capacity = 10_000
    self.handler = handler
    self.limits = limits
    emitter = Emitter([LogExporter(log)], configuration: configuration)
  }

  var hasHandler: Bool { handler != nil }

  /// An assistant's message outside of an answer.
  func say(_ text: String, session: String) {
    guard !text.isEmpty else { return }
    var context = Context()
    context.session = session
    emitter.emit(Event("chat.reply", ["content": .string(text)], context: context))
  }

  // MARK: Places

  /// Keeps a place for a message that is about to be stored; false: too many wait. Give it back with `release`, or use
  /// it with `answer`.
  func reserve(_ session: String) -> Bool {
    state.withLock { state in
      let count = state.rooms[session]?.count ?? 0
      guard !state.isStopped, count < limits.perSession, state.total < limits.total else {
        state.refused += 1
        return false
      }
      state.rooms[session, default: Room()].reserved += 1
      state.total += 1
      return true
    }
  }

  func release(_ session: String) {
    state.withLock { state in
      state.rooms[session]?.reserved -= 1
      state.total -= 1
      if state.rooms[session]?.count == 0 { state.rooms[session] = nil }
    }
  }

  /// Answers a stored message as soon as its turn has come.
  func answer(_ message: ChatMessage) {
    state.withLock { state in
      guard !state.isStopped else { return }
      guard var room = state.rooms[message.session] else { return }
      room.reserved -= 1
      room.waiting.append(message)
      // Behind another, it is made ready when that one is answered.
      if room.waiting.count == 1, !room.isRunning { state.ready.append(message.session) }
      state.rooms[message.session] = room
    }
    startReady()
  }

  // MARK: Answering

  /// Starts what may be started. Tasks are made outside of the lock.
  private func startReady() {
    while let (number, message) = nextReady() {
      let task = Task.detached { [self] in
        await run(message)
        finished(number, message.session)
      }
      let isStopped = state.withLock { state in
        // It may have finished by now.
        if state.running[number] != nil { state.running[number] = .some(task) }
        return state.isStopped
      }
      if isStopped { task.cancel() }
    }
  }

  private func nextReady() -> (UInt64, ChatMessage)? {
    state.withLock { state in
      guard !state.isStopped, state.running.count < limits.running, let session = state.ready.first else {
        return nil
      }
      state.ready.removeFirst()
      guard let message = state.rooms[session]?.waiting.first else { return nil }
      state.rooms[session]?.waiting.removeFirst()
      state.rooms[session]?.isRunning = true
      state.started += 1
      state.running[state.started] = .some(nil)
      return (state.started, message)
    }
  }

  private func finished(_ number: UInt64, _ session: String) {
    let isLast = state.withLock { state in
      state.running[number] = nil
      state.answered += 1
      state.total -= 1
      state.rooms[session]?.isRunning = false
      if state.rooms[session]?.waiting.isEmpty == false { state.ready.append(session) }
      if state.rooms[session]?.count == 0 { state.rooms[session] = nil }
      return state.running.isEmpty
    }
    if isLast { idle.signal { $0 = true } }
    startReady()
  }

  private func run(_ message: ChatMessage) async {
    guard let handler else { return }
    var context = Context()
    context.session = message.session
    context.request = message.id
    // A failure is the span's error event, which the session's sockets are told; nobody else waits for it.
    try? await Context.with(context) {
      try await emitter.withSpan(.chat, "answer", input: .string(message.content)) { span in
        let reply = ChatReply(span)
        try await handler(message, reply)
        reply.finish()
      }
    }
  }

  // MARK: Figures

  func write(to out: inout PrometheusWriter) {
    let (waiting, answered, refused) = state.withLock { ($0.total, $0.answered, $0.refused) }
    out.gauge("signalbox_chat_waiting", "Messages of sessions that wait or are being answered.", waiting)
    out.counter("signalbox_chat_answered_total", "Messages that the handler is done with.", answered)
    out.counter("signalbox_chat_refused_total", "Messages for which there was no place.", refused)
    out.counter(
      "signalbox_chat_dropped_total", "Events of answers that the log did not take.", emitter.ledger.dropped)
  }

  // MARK: The end

  /// Cancels what is being answered, and waits at most so long until what was said of it is stored.
  func stop(within milliseconds: Int) {
    idle.signal { $0 = false }
    let tasks = state.withLock { state in
      state.isStopped = true
      return state.running.values.map(\.self)
    }
    for task in tasks { task?.cancel() }
    if !tasks.isEmpty { _ = idle.wait(milliseconds: milliseconds / 2) { $0 ? () : nil } }
    let emitter = emitter
    let done = Guarded(false)
    Task.detached {
      await emitter.shutDown(within: .milliseconds(milliseconds / 2))
      done.signal { $0 = true }
    }
    _ = done.wait(milliseconds: milliseconds / 2 + 100) { $0 ? () : nil }
  }
}
