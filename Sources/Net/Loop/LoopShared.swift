import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the connections of a loop share, so that a quiet one costs next to nothing.
final class LoopShared {
  /// Bytes a read may bring.
  static let readSize = 64 << 10
  static let padding = PaddedBuffer.padding

  private unowned let loop: EventLoop
  /// One read buffer for all: libuv reads and hands over before it reads again.
  let readBuffer: UnsafeMutablePointer<UInt8>
  let wheel: TimerWheel
  private var timers: [ObjectIdentifier: LoopTimer] = [:]
  /// The loop is about to end; nothing new begins.
  private(set) var isClosed = false
  private var connections: [Connection] = []
  private var dirty: [Connection] = []
  private var flushing: [Connection] = []
  private var blocks: [OutBlock] = []
  private var scratch = ByteWriter(capacity: 4096)
  private var dateSecond = -1
  private var date = ""

  init(loop: EventLoop) {
    self.loop = loop
    readBuffer = .allocate(capacity: LoopShared.readSize + LoopShared.padding)
    readBuffer.initialize(repeating: 0, count: LoopShared.readSize + LoopShared.padding)
    wheel = TimerWheel(loop: loop)
  }

  deinit { readBuffer.deallocate() }

  func keep(_ timer: LoopTimer) { timers[ObjectIdentifier(timer)] = timer }

  func forget(_ timer: LoopTimer) { timers[ObjectIdentifier(timer)] = nil }

  // MARK: - Connections

  func add(_ connection: Connection) {
    connection.slot = connections.count
    connections.append(connection)
  }

  func remove(_ connection: Connection) {
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.slot] = last
      last.slot = connection.slot
    }
  }

  /// The connections that are open now.
  var open: [Connection] { connections }

  func markDirty(_ connection: Connection) { dirty.append(connection) }

  /// Lets every connection write what was queued since the last time.
  func flush() {
    while !dirty.isEmpty {
      swap(&dirty, &flushing)
      for connection in flushing { connection.flushAtEndOfIteration() }
      flushing.removeAll(keepingCapacity: flushing.capacity <= 4096)
    }
  }

  func close() {
    isClosed = true
    for connection in connections { connection.close() }
    for timer in timers.values { timer.cancel() }
    wheel.stop()
    dirty = []
  }

  // MARK: - Memory

  /// Memory for outgoing bytes, empty.
  func takeBlock() -> OutBlock { blocks.popLast() ?? OutBlock() }

  func giveBack(_ block: OutBlock) {
    guard blocks.count < 256 else { return }
    block.count = 0
    blocks.append(block)
  }

  /// Lends memory to compose something in; it is empty at first.
  func withScratch(_ body: (inout ByteWriter) -> Void) {
    scratch.truncate(to: 0)
    body(&scratch)
  }

  /// The value of a Date header, made once a second.
  var httpDate: String {
    let second = wallClockSeconds()
    if second != dateSecond {
      dateSecond = second
      var writer = ByteWriter(capacity: 32)
      writer.append(httpDate: second)
      date = writer.string
    }
    return date
  }
}

private func wallClockSeconds() -> Int { time(nil) }
