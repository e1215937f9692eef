public import Signalbox
internal import SignalboxLog

/// A server inside an app.
///
/// ```swift
/// var configuration = ServerConfiguration()
/// configuration.port = 8000
/// configuration.chat = { message, reply in
///   reply.send(try await agent.run(message.content))
/// }
/// let server = try Server(configuration)
/// Emitter.shared.add(server.exporter)
/// print(try server.listen())
/// ```
extension Server {
  /// Opens the log and prepares the loops; nothing listens before `listen`.
  public convenience init(_ configuration: ServerConfiguration) throws(ServerError) {
    do throws(LogError) { try self.init(configuration, notice: { _ in }) } catch { throw ServerError(error) }
  }

  /// Listens, and returns the address: `http://127.0.0.1:8000`.
  public func listen() throws(ServerError) -> String {
    do { return try start().address.url } catch { throw ServerError(error) }
  }

  /// Stores an emitter's events in this server's log, without a connection: `Emitter.shared.add(server.exporter)`.
  /// An event is on its way at once, and shown to those who watch once it is stored.
  public var exporter: any Exporter { LogExporter(shared.log) }

  /// Says something to a session outside of an answer: all its sockets get it as the assistant's. Never waits for
  /// one of them, and never throws: where nobody is connected, it is there for whoever comes back.
  public func send(_ text: String, to session: String) { shared.chat.say(text, session: session) }

  /// Stops taking connections and messages, cancels answers that are on their way, lets what was begun finish for at
  /// most so long, and closes the log.
  public func shutDown(within limit: Duration = .seconds(3)) async {
    let milliseconds = UInt64(max(0, limit / .milliseconds(1)))
    await withCheckedContinuation { continuation in
      // It waits for the loops and the log's writer, so it has a thread of its own.
      SystemThread {
        self.stop(within: milliseconds)
        continuation.resume()
      }.detach()
    }
  }
}
