internal import CUV
internal import Fetch
internal import Net

/// Watches libcurl's sockets and its timer on a libuv loop.
///
/// A descriptor keeps one poll handle as long as it is open: between two requests of a kept connection the handle
/// goes on watching, which saves two system calls a request.
final class LoopCurlPoller: CurlPoller {
  /// The multi knows this object weakly, so this is no cycle.
  var multi: CurlMulti?
  private unowned let loop: EventLoop
  private var handles: [Int32: LoopPoll] = [:]
  private let timer: UnsafeMutablePointer<uv_timer_t>

  init(loop: EventLoop) {
    self.loop = loop
    timer = .allocate(capacity: 1)
    uv_timer_init(loop.uv, timer)
    // Unretained: `close` stops the timer before this object goes.
    timer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  func watch(_ descriptor: Int32, readable: Bool, writable: Bool) {
    let handle =
      handles[descriptor]
      ?? LoopPoll(loop: loop, descriptor: descriptor) { [unowned self] descriptor, events in
        multi?.socketReady(
          descriptor, readable: events & Int32(UV_READABLE.rawValue) != 0,
          writable: events & Int32(UV_WRITABLE.rawValue) != 0, failed: events < 0)
      }
    handles[descriptor] = handle
    handle.watch((readable ? Int32(UV_READABLE.rawValue) : 0) | (writable ? Int32(UV_WRITABLE.rawValue) : 0))
  }

  func unwatch(_ descriptor: Int32) { handles[descriptor]?.rest() }

  func closing(_ descriptor: Int32) { handles.removeValue(forKey: descriptor)?.close() }

  func setTimer(milliseconds: Int?) {
    guard let milliseconds else {
      uv_timer_stop(timer)
      return
    }
    uv_timer_start(
      timer,
      { timer in
        Unmanaged<LoopCurlPoller>.fromOpaque(timer!.pointee.data).takeUnretainedValue().multi?.timerFired()
      }, UInt64(milliseconds), 0)
  }

  /// Lets go of everything on the loop; nothing may be watched afterwards.
  func close() {
    for handle in handles.values { handle.close() }
    handles = [:]
    uv_timer_stop(timer)
    uv_close(UnsafeMutableRawPointer(timer).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      UnsafeMutableRawPointer(handle!).assumingMemoryBound(to: uv_timer_t.self).deallocate()
    }
  }
}

/// One descriptor on a loop.
private final class LoopPoll {
  private let handle: UnsafeMutablePointer<uv_poll_t>
  private let descriptor: Int32
  private let ready: (Int32, Int32) -> Void
  /// What the loop watches for, and whether anybody wants to know.
  private var watched: Int32 = 0
  private var isWanted = false

  init(loop: EventLoop, descriptor: Int32, ready: @escaping (Int32, Int32) -> Void) {
    self.descriptor = descriptor
    self.ready = ready
    handle = .allocate(capacity: 1)
    let code = uv_poll_init(loop.uv, handle, descriptor)
    precondition(code == 0, "a socket of libcurl cannot be watched: \(String(cString: uv_strerror(code)))")
    // Released in the handle's close callback.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  func watch(_ events: Int32) {
    isWanted = true
    guard events != watched else { return }
    watched = events
    uv_poll_start(handle, events) { handle, status, events in
      Unmanaged<LoopPoll>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
        .happened(status < 0 ? -1 : events)
    }
  }

  /// Nobody waits for the descriptor now; the next request will.
  func rest() { isWanted = false }

  private func happened(_ events: Int32) {
    if isWanted { return ready(descriptor, events) }
    // A kept connection that its server closes: libcurl finds out when it wants to use it again.
    uv_poll_stop(handle)
    watched = 0
  }

  func close() {
    uv_poll_stop(handle)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      let memory = UnsafeMutableRawPointer(handle!).assumingMemoryBound(to: uv_poll_t.self)
      Unmanaged<LoopPoll>.fromOpaque(memory.pointee.data).release()
      memory.deallocate()
    }
  }
}
