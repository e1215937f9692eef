/// Something that has to happen by a certain time unless it is put off.
///
/// Putting off costs one store: an entry is moved only when its slot comes round.
class WheelEntry {
  /// Second of the wheel's clock at which `expired` is called; 0 when there is none.
  fileprivate(set) var deadline: UInt64 = 0
  fileprivate var slotted = false
  fileprivate var slotIndex = 0
  // Unowned and unchecked: an entry leaves its list before it dies, see `TimerWheel.remove`.
  fileprivate unowned(unsafe) var next: WheelEntry?
  fileprivate unowned(unsafe) var previous: WheelEntry?

  func expired() {}
}

/// Coarse timeouts of one second's grain for any number of connections, on one timer.
final class TimerWheel {
  private static let size = 128
  private unowned let loop: EventLoop
  private var heads: [Head]
  private var timer: LoopTimer?
  private var tick: UInt64 = 1
  private var count = 0

  /// A list's first entry, which the list does not own.
  private struct Head { unowned(unsafe) var first: WheelEntry? }

  init(loop: EventLoop) {
    self.loop = loop
    heads = Array(repeating: Head(first: nil), count: TimerWheel.size)
  }

  /// Calls the entry's `expired` in `seconds` to `seconds + 1`, in place of what was set before.
  func set(_ entry: WheelEntry, seconds: UInt64) {
    if timer == nil { timer = loop.timer(after: 1000, every: 1000) { [unowned self] in advance() } }
    entry.deadline = tick + seconds + 1
    if entry.slotted {
      // A later deadline is found when the slot comes round.
      let distance = (UInt64(entry.slotIndex) &- tick) & UInt64(TimerWheel.size - 1)
      if tick + distance <= entry.deadline { return }
      unlink(entry)
    }
    link(entry)
  }

  /// The entry has no deadline any more; it stays in its slot.
  func clear(_ entry: WheelEntry) { entry.deadline = 0 }

  /// Takes the entry out for good.
  func remove(_ entry: WheelEntry) {
    entry.deadline = 0
    if entry.slotted { unlink(entry) }
  }

  func stop() {
    timer?.cancel()
    timer = nil
  }

  private func link(_ entry: WheelEntry) {
    let distance = min(entry.deadline - tick, UInt64(TimerWheel.size - 1))
    let index = Int((tick + distance) & UInt64(TimerWheel.size - 1))
    entry.slotIndex = index
    entry.previous = nil
    entry.next = heads[index].first
    entry.next?.previous = entry
    heads[index].first = entry
    entry.slotted = true
    count += 1
  }

  private func unlink(_ entry: WheelEntry) {
    if let previous = entry.previous {
      previous.next = entry.next
    } else {
      heads[entry.slotIndex].first = entry.next
    }
    entry.next?.previous = entry.previous
    entry.next = nil
    entry.previous = nil
    entry.slotted = false
    count -= 1
  }

  private func advance() {
    tick += 1
    let index = Int(tick & UInt64(TimerWheel.size - 1))
    var due: [WheelEntry] = []
    while let entry = heads[index].first {
      unlink(entry)
      due.append(entry)
    }
    for entry in due where entry.deadline != 0 {
      if entry.deadline > tick {
        if !entry.slotted { link(entry) }
      } else {
        entry.deadline = 0
        entry.expired()
      }
    }
    if count == 0 { stop() }
  }
}
