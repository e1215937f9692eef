internal import CUV
package import Net
package import SignalboxLog

/// A running Signalbox: the log in the middle, what comes in and who watches around it.
public final class Server: Sendable {
  /// Where it listens.
  package struct Address: Sendable {
    package let host: String
    package let port: Int
    /// For people: `http://127.0.0.1:7446`.
    package var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
  }

  /// What a start tells besides the address.
  package struct Started: Sendable {
    package let address: Address
    /// An admin key that was made at this start; it is shown this once.
    package let adminKey: String?
  }

  let shared: ServerShared
  private let http: HTTPServer

  /// Opens the log and prepares the loops; nothing listens before `start`.
  ///
  /// - Parameter notice: told of what an operator should know, on any thread.
  package init(
    _ configuration: ServerConfiguration, notice: @escaping @Sendable (LogNotice) -> Void
  ) throws(LogError) {
    var options = LogOptions(directory: configuration.dataDirectory)
    options.durability = configuration.durability
    options.retainDays = configuration.retainDays
    options.retainBytes = configuration.retainBytes.map { Int64(clamping: $0) }
    options.notice = notice
    let policy = configuration.content
    let redactions = RedactionLedger(policy.set)
    if !policy.keepsAll { options.cleaner = { ContentCleaner(policy, ledger: redactions) } }
    let log = try EventLog.open(options)
    let readers = try ReaderPool(log: log, threads: 2)
    let keys = try KeyRing(directory: configuration.dataDirectory)
    let tokens = TokenAuthority(
      secret: try TokenAuthority.secret(in: configuration.dataDirectory), keyFile: configuration.jwks,
      audience: configuration.tokenAudience
    ) { notice(LogNotice(kind: .keyFile, message: $0)) }
    let count = configuration.loops > 0 ? configuration.loops : min(4, max(1, Self.cores))
    let loops = try Self.makeLoops(count).map { ($0, LoopPlace()) }
    for (loop, place) in loops {
      // Registered before a service exists: one made later begins at a tip that these commits have reached.
      log.onCommit { batch in loop.enqueue { place.service?.hub.commit(batch) } }
      log.afterAnswers { loop.wake() }
    }
    let shared = ServerShared(
      configuration: configuration, log: log, readers: readers, keys: keys, tokens: tokens,
      redactions: redactions, loops: loops)
    self.shared = shared
    var limits = HTTPServerLimits()
    limits.connections = configuration.connections
    limits.headSeconds = UInt64(configuration.requestSeconds)
    limits.bodySeconds = 3 * limits.headSeconds
    limits.silenceSeconds = 2 * UInt64(configuration.viewerSeconds)
    http = HTTPServer(loops: loops.map(\.0), limits: limits) { loop in
      let service = LoopService(loop: loop, shared: shared)
      for (owner, place) in loops where owner === loop { place.service = service }
      return service
    }
  }

  private static func makeLoops(_ count: Int) throws(LogError) -> [EventLoop] {
    do {
      return try (0..<count).map { number throws(NetError) in try EventLoop(name: "sb-loop-\(number)") }
    } catch {
      throw LogError(code: .database, message: "No event loop could be made: \(error)")
    }
  }

  /// Tells the allocator that memory comes and goes in batches here; for a process that is nothing but a server.
  package static func tuneAllocator() {
    #if os(Linux)
      cuv_keep_freed_memory()
    #endif
  }

  /// The processors that this process may use, which can be fewer than the machine has.
  private static var cores: Int { Int(uv_available_parallelism()) }

  /// Listens. An admin key is made when the address asks for keys and there is none yet.
  package func start() throws(NetError) -> Started {
    for (loop, _) in shared.loops { loop.start() }
    var adminKey: String?
    let configuration = shared.configuration
    if configuration.requiresKeys ?? !configuration.isLoopback, shared.keys.lacksAdmin {
      adminKey = try? shared.keys.add(name: "admin", scope: .admin).key
    }
    let (host, port) = try http.start(host: configuration.host, port: configuration.port)
    return Started(address: Address(host: host, port: port), adminKey: adminKey)
  }

  /// Stops taking connections, lets answers finish for at most `milliseconds`, then closes the log.
  package func stop(within milliseconds: UInt64 = 3000) {
    shared.chat.stop(within: 500)
    let drained = Guarded(false)
    http.drain(within: milliseconds) { drained.signal { $0 = true } }
    _ = drained.wait(milliseconds: Int(milliseconds) + 1000) { $0 ? () : nil }
    // The loops first: calls that still run are ended there, and what is said of them is stored below.
    for (loop, _) in shared.loops { loop.stop() }
    shared.readers.stop()
    shared.log.close()
    shared.audit?.stop()
  }
}

/// Where a loop keeps its service.
///
/// `@unchecked Sendable`: set and read on its loop only.
final class LoopPlace: @unchecked Sendable {
  var service: LoopService?
}
