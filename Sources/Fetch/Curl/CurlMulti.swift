import CCurl
import Signalbox

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// libcurl's multi interface: any number of transfers on one thread, driven by an event loop through a
/// `CurlPoller`, or without one by `wait`.
///
/// Confined to one thread, apart from `WakeUp`. Call `shutDown` before letting go of it.
package final class CurlMulti {
  /// Bounds of what is kept between transfers.
  package struct Limits: Sendable {
    /// Connections, in use or not, beyond which one is closed when its request has ended instead of waiting for
    /// the next. Default 4096.
    package var keptConnections = 4096
    /// Easy handles that wait for the next request. Default 1024.
    package var keptHandles = 1024

    package init() {}
  }

  private let multi: UnsafeMutableRawPointer
  private let limits: Limits
  private weak var poller: (any CurlPoller)?
  private var idle: [CurlHandle] = []
  /// Every handle with a transfer, by its address; keeps them alive while libcurl points to them.
  private var running: [ObjectIdentifier: CurlHandle] = [:]
  /// Handles that got something in this turn.
  private var touchedHandles: [CurlHandle] = []
  private var cancelledHandles: [CurlHandle] = []
  /// True while libcurl runs and may call back: then handles must not be removed.
  private var isInCurl = false
  private var isShutDown = false
  /// When libcurl wants to be called, and when the next transfer may be overdue; `.max` is never.
  private var curlDeadline = UInt64.max
  private var sweepDeadline = UInt64.max
  private var timerSetTo = UInt64.max
  /// Monotonic nanoseconds at the start of this turn.
  private(set) var now: UInt64 = 0

  package init(poller: (any CurlPoller)?, limits: Limits = .init()) {
    Self.initializeLibrary
    self.poller = poller
    self.limits = limits
    multi = curl_multi_init()!
    sb_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    sb_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.keptConnections)
    guard poller != nil else { return }
    let me = Unmanaged.passUnretained(self).toOpaque()
    sb_curl_multi_set_ptr(multi, CURLMOPT_SOCKETDATA, me)
    sb_curl_multi_set_ptr(multi, CURLMOPT_TIMERDATA, me)
    sb_curl_multi_set_socket(multi) { _, descriptor, what, me, _ in
      CurlMulti.from(me!).watch(descriptor, what)
      return 0
    }
    sb_curl_multi_set_timer(multi) { _, milliseconds, me in
      let me = CurlMulti.from(me!)
      me.curlDeadline = milliseconds < 0 ? .max : me.now + UInt64(milliseconds) * 1_000_000
      return 0
    }
  }

  deinit { precondition(isShutDown, "CurlMulti: shutDown was not called") }

  /// Once a process, before any other call of libcurl.
  private static let initializeLibrary: Void = { curl_global_init(Int(CURL_GLOBAL_DEFAULT)) }()

  static func from(_ pointer: UnsafeMutableRawPointer) -> CurlMulti {
    Unmanaged<CurlMulti>.fromOpaque(pointer).takeUnretainedValue()
  }

  // MARK: Transfers

  /// Transfers that have not ended.
  package var runningCount: Int { running.count }

  /// Starts a transfer. Nothing is called before the next turn of the loop, or `kick`.
  package func start(
    _ request: FetchRequest, handler: any FetchHandler
  ) throws(FetchError) -> FetchTransfer {
    guard !isShutDown else { throw .cancelled }
    now = SystemTime.monotonic
    let handle = idle.popLast() ?? CurlHandle(multi: self)
    do {
      try handle.prepare(request, handler: handler, now: now)
    } catch {
      idle.append(handle)
      throw error
    }
    running[ObjectIdentifier(handle)] = handle
    curl_multi_add_handle(multi, handle.easy)
    expect(handle.nextDeadline)
    syncTimer()
    return handle.transfer
  }

  /// Does what is due at once instead of in the next turn; saves a turn's delay after `start`.
  package func kick() { timerFired() }

  /// Ends a transfer early; its handler hears nothing more.
  package func cancel(_ transfer: FetchTransfer) {
    guard let handle = transfer.running else { return }
    handle.state = .cancelled
    if isInCurl { cancelledHandles.append(handle) } else { remove(handle) }
    syncTimer()
  }

  /// Lets a paused transfer go on. Pieces may come before this returns.
  package func resume(_ transfer: FetchTransfer) {
    guard let handle = transfer.running else { return }
    turn { handle.resume(now: now) }
    expect(handle.nextDeadline)
    syncTimer()
  }

  /// Cancels every transfer (each handler hears `ended` with `cancelled`) and closes all connections. Not
  /// to be called by a handler.
  package func shutDown() {
    guard !isShutDown else { return }
    isShutDown = true
    for handle in Array(running.values) { finish(handle, with: handle.end(.cancelled)) }
    idle = []
    curl_multi_cleanup(multi)
    poller?.setTimer(milliseconds: nil)
  }

  // MARK: Driven by a loop

  package func socketReady(_ descriptor: Int32, readable: Bool, writable: Bool, failed: Bool = false) {
    var events: Int32 = 0
    if readable { events |= CURL_CSELECT_IN }
    if writable { events |= CURL_CSELECT_OUT }
    if failed { events |= CURL_CSELECT_ERR }
    turn {
      var left: Int32 = 0
      curl_multi_socket_action(multi, descriptor, events, &left)
    }
    sweep()
    syncTimer()
  }

  package func timerFired() {
    timerSetTo = .max
    turn {
      guard curlDeadline <= now else { return }
      curlDeadline = .max
      var left: Int32 = 0
      curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &left)
    }
    sweep()
    syncTimer()
  }

  // MARK: Driven by a thread of its own

  /// Waits for sockets, time or `wakeUp`, at most `milliseconds`, and does what is due.
  package func wait(milliseconds: Int) {
    var limit = milliseconds
    if sweepDeadline != .max {
      let now = SystemTime.monotonic
      limit = sweepDeadline <= now ? 0 : min(limit, Int((sweepDeadline - now) / 1_000_000) + 1)
    }
    var ready: Int32 = 0
    curl_multi_poll(multi, nil, 0, Int32(clamping: limit), &ready)
    perform()
  }

  /// Does what is due without waiting.
  package func perform() {
    turn {
      var left: Int32 = 0
      curl_multi_perform(multi, &left)
    }
    sweep()
  }

  /// The thread-safe half of a multi: what another thread may hold to end `wait` early.
  ///
  /// `@unchecked Sendable`: `curl_multi_wakeup` is the one call that libcurl allows from any thread; the
  /// holder keeps the multi alive.
  struct WakeUp: @unchecked Sendable {
    let multi: UnsafeMutableRawPointer
    func callAsFunction() { curl_multi_wakeup(multi) }
  }

  var wakeUpHandle: WakeUp { WakeUp(multi: multi) }

  // MARK: What libcurl says

  func touched(_ handle: CurlHandle) {
    guard !handle.isTouched else { return }
    handle.isTouched = true
    touchedHandles.append(handle)
  }

  private func watch(_ descriptor: curl_socket_t, _ what: Int32) {
    if what == CURL_POLL_REMOVE {
      poller?.unwatch(descriptor)
    } else {
      let reads = what == CURL_POLL_IN || what == CURL_POLL_INOUT
      let writes = what == CURL_POLL_OUT || what == CURL_POLL_INOUT
      poller?.watch(descriptor, readable: reads, writable: writes)
    }
  }

  func willClose(_ descriptor: curl_socket_t) -> Int32 {
    poller?.closing(descriptor)
    return close(descriptor)
  }

  // MARK: A turn

  /// Runs libcurl, then everything that must not happen inside of it.
  private func turn(_ body: () -> Void) {
    now = SystemTime.monotonic
    guard !isInCurl else { return body() }
    isInCurl = true
    body()
    isInCurl = false
    removeCancelled()
    tellTouched()
    tellEnded()
  }

  private func removeCancelled() {
    while let handle = cancelledHandles.popLast() { remove(handle) }
  }

  private func tellTouched() {
    var at = 0
    while at < touchedHandles.count {
      let handle = touchedHandles[at]
      handle.isTouched = false
      if handle.state == .running { handle.handler?.fetchTurnEnded(handle.transfer) }
      at += 1
    }
    touchedHandles.removeAll(keepingCapacity: true)
  }

  private func tellEnded() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE else { continue }
      var pointer: UnsafeMutableRawPointer?
      sb_curl_easy_get_ptr(message.pointee.easy_handle, CURLINFO_PRIVATE, &pointer)
      let handle = CurlHandle.from(pointer!)
      finish(handle, with: handle.end(message.pointee.data.result))
    }
  }

  /// Looks at the deadlines again at that moment, or earlier.
  func expect(_ deadline: UInt64?) { sweepDeadline = min(sweepDeadline, deadline ?? .max) }

  /// Ends the transfers whose time is up.
  private func sweep() {
    guard now >= sweepDeadline else { return }
    var next = UInt64.max
    for handle in Array(running.values) where handle.state == .running {
      if let stage = handle.timedOut(now: now) {
        finish(handle, with: handle.end(.timeout(stage, authority: handle.authority)))
      } else {
        next = min(next, handle.nextDeadline ?? .max)
      }
    }
    sweepDeadline = next
  }

  private func finish(_ handle: CurlHandle, with end: FetchEnd) {
    guard handle.state == .running else { return }
    let handler = handle.handler
    let transfer = handle.transfer
    remove(handle)
    handler?.fetch(transfer, ended: end)
  }

  private func remove(_ handle: CurlHandle) {
    curl_multi_remove_handle(multi, handle.easy)
    handle.clear()
    running[ObjectIdentifier(handle)] = nil
    if idle.count < limits.keptHandles, handle.isReusable, !isShutDown { idle.append(handle) }
  }

  private func syncTimer() {
    guard let poller, !isInCurl else { return }
    let due = min(curlDeadline, sweepDeadline)
    guard due != timerSetTo else { return }
    timerSetTo = due
    guard due != .max else { return poller.setTimer(milliseconds: nil) }
    poller.setTimer(milliseconds: due <= now ? 0 : Int((due - now + 999_999) / 1_000_000))
  }
}
