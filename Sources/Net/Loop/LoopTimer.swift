import CUV

/// A timer of a loop; it lives until it has fired for the last time or is cancelled.
package final class LoopTimer {
  private let handle: UnsafeMutablePointer<uv_timer_t>
  // Unowned: the loop cancels its timers before it goes.
  private unowned let loop: EventLoop
  private var body: (() -> Void)?
  private let repeats: Bool

  init(_ loop: EventLoop, after ms: UInt64, every ms2: UInt64, _ body: @escaping () -> Void) {
    loop.preconditionCurrent()
    self.loop = loop
    self.body = body
    repeats = ms2 > 0
    handle = .allocate(capacity: 1)
    uv_timer_init(loop.uv, handle)
    // Released in the handle's close callback.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    uv_timer_start(
      handle,
      { handle in
        Unmanaged<LoopTimer>.fromOpaque(handle!.pointee.data).takeUnretainedValue().fire()
      }, ms, ms2)
    loop.shared.isClosed ? cancel() : loop.shared.keep(self)
  }

  /// Stops the timer and lets go of what it held; harmless when it is over already.
  package func cancel() {
    guard body != nil else { return }
    body = nil
    loop.shared.forget(self)
    uv_timer_stop(handle)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      let memory = UnsafeMutableRawPointer(handle!).assumingMemoryBound(to: uv_timer_t.self)
      Unmanaged<LoopTimer>.fromOpaque(memory.pointee.data).release()
      memory.deallocate()
    }
  }

  private func fire() {
    let body = self.body
    if !repeats { cancel() }
    body?()
  }
}
