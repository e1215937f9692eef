/// Something kept in memory whose row is written behind: the row holds what was stored before `asOf`.
protocol Tracked: AnyObject {
  /// The offset behind the last event that was taken in.
  var asOf: UInt64 { get set }
  /// The offset of the first event that the row does not know; nil: the row is up to date.
  var dirtySince: UInt64? { get set }
}

/// The objects whose rows lag behind, in the order they began to: so the log knows from which offset on it
/// would have to be read again after a crash.
struct DirtyQueue<Element: Tracked> {
  private var entries = Fifo<(element: Element, since: UInt64)>()

  /// Notes that the element took in the event at `offset`.
  mutating func touch(_ element: Element, offset: UInt64) {
    guard element.dirtySince == nil else { return }
    element.dirtySince = offset
    entries.append((element, offset))
  }

  /// The one that lags behind the most.
  mutating func oldest() -> (element: Element, since: UInt64)? {
    while let first = entries.first {
      if first.element.dirtySince == first.since { return first }
      // Its row was written meanwhile for another reason.
      entries.removeFirst()
    }
    return nil
  }
}

/// A first-in, first-out queue over an array, whose head moves without moving the rest each time.
struct Fifo<Element> {
  private var items: [Element?] = []
  private var head = 0

  var count: Int { items.count - head }
  var first: Element? { head < items.count ? items[head] : nil }

  mutating func append(_ element: Element) { items.append(element) }

  @discardableResult
  mutating func removeFirst() -> Element? {
    guard head < items.count else { return nil }
    let element = items[head]
    items[head] = nil
    head += 1
    if head > 64, head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
    return element
  }
}
