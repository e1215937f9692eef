import CUV
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An accepted TCP connection: reading, queued writing, closing.
///
/// Writes are gathered and leave at the end of the loop's iteration in one system call; what the socket does
/// not take waits here. Whoever writes bounds it by `queuedBytes`.
final class Connection: WheelEntry {
  let loop: EventLoop
  let peer: PeerAddress
  /// Place in the loop's list.
  var slot = 0
  var driver: (any ConnectionDriver)?
  /// Tells the server that the connection is gone.
  var onClosed: (() -> Void)?

  private let shared: LoopShared
  private let handle: UnsafeMutablePointer<uv_tcp_t>
  private var out = OutQueue()
  /// Bytes accepted for writing since the beginning.
  private var accepted = 0
  /// Segments that a running uv_write reads from.
  private var inFlight: [OutSegment] = []
  private var request: UnsafeMutablePointer<uv_write_t>?
  private var isDirty = false
  private var wantsResume = false
  private var isReading = false
  private var hasBacklog = false
  private var closesWhenWritten = false
  /// The peer is to see an error in place of an orderly end.
  private var endsInReset = false
  private(set) var isClosed = false
  /// Seconds in which a peer must have taken something of what is queued, when there is a deadline at all.
  private let stallSeconds: UInt64
  private var queuedAtDeadline = Int.max

  /// Takes over an accepted, non-blocking socket.
  init(loop: EventLoop, socket: Int32, peer: PeerAddress, stallSeconds: UInt64) throws(NetError) {
    self.loop = loop
    self.peer = peer
    self.stallSeconds = stallSeconds
    shared = loop.shared
    handle = .allocate(capacity: 1)
    uv_tcp_init(loop.uv, handle)
    let code = uv_tcp_open(handle, socket)
    guard code == 0 else {
      uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) {
        UnsafeMutableRawPointer($0!).assumingMemoryBound(to: uv_tcp_t.self).deallocate()
      }
      throw NetError("adopt a connection", code: code)
    }
    uv_tcp_nodelay(handle, 1)
    super.init()
    // Released in the handle's close callback.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    shared.add(self)
  }

  private var stream: UnsafeMutablePointer<uv_stream_t> {
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
  }

  private static func from(_ data: UnsafeMutableRawPointer?) -> Connection {
    Unmanaged<Connection>.fromOpaque(data!).takeUnretainedValue()
  }

  // MARK: - Reading

  func startReading() {
    guard !isReading, !isClosed else { return }
    isReading = true
    uv_read_start(
      stream,
      { handle, _, buffer in
        let shared = Connection.from(handle!.pointee.data).shared
        buffer!.pointee.base = UnsafeMutableRawPointer(shared.readBuffer).assumingMemoryBound(to: CChar.self)
        buffer!.pointee.len = LoopShared.readSize
      },
      { stream, count, buffer in
        Connection.from(stream!.pointee.data).didRead(count, buffer!.pointee.base)
      })
  }

  func stopReading() {
    guard isReading else { return }
    isReading = false
    uv_read_stop(stream)
  }

  private func didRead(_ count: Int, _ base: UnsafeMutablePointer<CChar>?) {
    if count > 0 {
      driver?.received(UnsafeMutableRawBufferPointer(start: base, count: count))
    } else if count == Int(UV_EOF.rawValue) {
      stopReading()
      driver?.ended()
    } else if count < 0 {
      close()
    }
  }

  // MARK: - Writing

  /// Bytes accepted for writing that the socket has not taken yet.
  var queuedBytes: Int {
    out.bytes + (inFlight.isEmpty ? 0 : uv_stream_get_write_queue_size(stream))
  }

  /// Bytes that the socket has taken since the beginning.
  var takenBytes: Int { accepted - queuedBytes }

  func write(_ bytes: UnsafeRawBufferPointer) {
    guard !isClosed else { return }
    accepted += bytes.count
    out.append(bytes, shared)
    markDirty()
  }

  func write(_ bytes: borrowing ByteWriter) { write(bytes.raw) }

  func write(_ bytes: SharedBytes, from: Int, to: Int) {
    guard !isClosed else { return }
    accepted += to - from
    out.append(bytes, from, to)
    markDirty()
  }

  /// Has the driver's `resumed` called at the end of the iteration.
  func resumeSoon() {
    wantsResume = true
    markDirty()
  }

  private func markDirty() {
    queuedAtDeadline = .max
    guard !isDirty, !isClosed else { return }
    isDirty = true
    shared.markDirty(self)
  }

  func flushAtEndOfIteration() {
    isDirty = false
    guard !isClosed else { return }
    // First the bytes: whether the driver goes on depends on how many had to stay.
    flush()
    if wantsResume, !isClosed {
      wantsResume = false
      driver?.resumed()
    }
  }

  /// Whoever finds this much queued may take the peer for a slow one and wait for `drained`, although nothing
  /// was offered to the socket yet.
  private static let noticeable = 64 << 10

  private func flush() {
    if out.bytes >= Self.noticeable { hasBacklog = true }
    while !isClosed, inFlight.isEmpty, !out.isEmpty {
      let offered = out.prefix(64)
      let written = withBuffers(offered) { uv_try_write(stream, $0.baseAddress, UInt32($0.count)) }
      if written >= 0 {
        let count = Int(written)
        let whole = count == offered.reduce(0) { $0 + $1.count }
        out.consume(count, shared)
        if whole { continue }
      } else if written != UV_EAGAIN.rawValue {
        return close()
      }
      startWrite()
    }
    guard !isClosed, inFlight.isEmpty else { return }
    if hasBacklog {
      hasBacklog = false
      driver?.drained()
    }
    if closesWhenWritten, out.isEmpty { shutDown() }
  }

  /// Leaves the rest to libuv, which writes it when the socket takes bytes again.
  private func startWrite() {
    hasBacklog = true
    inFlight = out.takePrefix(64)
    let request = self.request ?? .allocate(capacity: 1)
    self.request = request
    let code = withBuffers(inFlight[...]) {
      uv_write(request, stream, $0.baseAddress, UInt32($0.count)) { request, status in
        Connection.from(request!.pointee.handle.pointee.data).didWrite(status)
      }
    }
    if code != 0 {
      inFlight = []
      close()
    }
  }

  private func didWrite(_ status: Int32) {
    for case .block(let block) in inFlight.map(\.owner) { shared.giveBack(block) }
    inFlight = []
    request?.deallocate()
    request = nil
    guard !isClosed else { return }
    status < 0 ? close() : flush()
  }

  private func withBuffers(
    _ segments: ArraySlice<OutSegment>, _ body: (UnsafeBufferPointer<uv_buf_t>) -> Int32
  ) -> Int32 {
    withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: segments.count) { buffers in
      var at = 0
      for segment in segments {
        // libuv's type is mutable, but it only reads.
        let base = UnsafeMutablePointer(mutating: segment.base + segment.from)
        buffers.initializeElement(
          at: at,
          to: uv_buf_t(
            base: UnsafeMutableRawPointer(base).assumingMemoryBound(to: CChar.self), len: segment.count))
        at += 1
      }
      return body(UnsafeBufferPointer(buffers))
    }
  }

  // MARK: - Time and end

  /// Has the driver's `timedOut` called in `seconds` to `seconds + 1`, in place of what was set before.
  func setDeadline(seconds: UInt64) {
    if !isClosed { shared.wheel.set(self, seconds: seconds) }
  }

  /// Has the connection closed when the peer acknowledges nothing for so long, neither what was sent (RFC 5482's user
  /// timeout; the kernel by itself takes a quarter of an hour) nor, where nothing is sent, the kernel's own question
  /// whether it is there (RFC 9293, section 3.8.4).
  func closeIfSilent(for seconds: UInt64) {
    var descriptor: uv_os_fd_t = -1
    let base = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    guard uv_fileno(base, &descriptor) == 0 else { return }
    uv_tcp_keepalive(handle, 1, UInt32(clamping: max(seconds / 2, 1)))
    #if canImport(Glibc)
      var limit = UInt32(min(seconds * 1000, UInt64(Int32.max)))
      setsockopt(
        descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &limit, socklen_t(MemoryLayout.size(ofValue: limit))
      )
    #else
      var limit = Int32(min(seconds, UInt64(Int32.max)))
      setsockopt(
        descriptor, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, &limit, socklen_t(MemoryLayout.size(ofValue: limit)))
    #endif
  }

  func clearDeadline() { shared.wheel.clear(self) }

  override func expired() {
    // Whoever takes bytes, however slowly, is alive.
    let queued = queuedBytes
    if queued > 0, queued < queuedAtDeadline {
      queuedAtDeadline = queued
      return setDeadline(seconds: stallSeconds)
    }
    driver?.timedOut()
  }

  /// Says "nothing more" to the peer once all is written; reading goes on.
  func shutDownWhenWritten() {
    closesWhenWritten = true
    markDirty()
  }

  /// Closes once all is written, so that the peer has what there is and then an error.
  func resetWhenWritten() {
    endsInReset = true
    shutDownWhenWritten()
  }

  private func shutDown() {
    closesWhenWritten = false
    if endsInReset { return close() }
    var descriptor: uv_os_fd_t = -1
    let base = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    if uv_fileno(base, &descriptor) == 0 { shutdown(descriptor, Int32(SHUT_WR)) }
    driver?.finishedWriting()
  }

  /// Drops what is queued and closes; with `reset` the peer sees an error instead of an orderly end.
  func close(reset: Bool = false) {
    guard !isClosed else { return }
    isClosed = true
    isReading = false
    out.removeAll()
    shared.wheel.remove(self)
    shared.remove(self)
    let done: uv_close_cb = { handle in
      let memory = UnsafeMutableRawPointer(handle!).assumingMemoryBound(to: uv_tcp_t.self)
      let connection = Connection.from(memory.pointee.data)
      memory.deallocate()
      connection.didClose()
      Unmanaged.passUnretained(connection).release()
    }
    if reset || endsInReset, uv_tcp_close_reset(handle, done) == 0 { return }
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), done)
  }

  private func didClose() {
    let driver = self.driver
    self.driver = nil
    driver?.closed()
    onClosed?()
    onClosed = nil
  }
}

extension Connection {
  /// Writes through the loop's scratch memory.
  func writeScratch(_ body: (inout ByteWriter) -> Void) {
    loop.shared.withScratch {
      body(&$0)
      write($0.raw)
    }
  }
}
