extension PartialJSON {
  /// A container that is open.
  struct Frame: Sendable {
    let isObject: Bool
    var elements: [JSONValue] = []
    var members: [(String, JSONValue)] = []
    /// The name of the member whose value comes next or has begun.
    var key = ""

    mutating func add(_ value: JSONValue) {
      if isObject { members.append((key, value)) } else { elements.append(value) }
    }

    mutating func removeLast() -> JSONValue {
      isObject ? members.removeLast().1 : elements.removeLast()
    }

    /// Moves the contents out.
    mutating func take() -> JSONValue {
      if isObject {
        let taken = members
        members = []
        return .object(JSONObject(taken))
      }
      let taken = elements
      elements = []
      return .array(taken)
    }

    /// Moves the contents back in.
    mutating func put(_ value: consuming JSONValue?) {
      switch consume value {
      case .array(let taken): elements = taken
      case .object(let taken): members = taken.members
      default: break
      }
    }

    /// Where the value is that comes next or has begun.
    var step: JSONPath.Step { isObject ? .key(key) : .index(elements.count) }
  }

  /// Puts the open containers together into `value`, innermost first.
  mutating func assemble() {
    guard state != .done else { return }
    var open: JSONValue?
    if isInStringValue {
      open = .string(text)
      text = ""
    }
    for place in frames.indices.reversed() {
      if let child = open.take() { frames[place].add(child) }
      open = frames[place].take()
    }
    value = open
  }

  /// Takes `value` apart again, so that each open container is changed where it lies: its buffer has no other
  /// owner, unless the caller holds a value.
  mutating func takeApart() {
    guard state != .done else { return }
    var open = value.take()
    for place in frames.indices {
      frames[place].put(open.take())
      if place + 1 < frames.count || isInStringValue { open = frames[place].removeLast() }
    }
    if isInStringValue, case .string(let begun) = open.take() { text = begun }
  }

  private var isInStringValue: Bool {
    switch state {
    case .string, .escape, .unicode: !isName
    default: false
    }
  }

  /// A value is whole: it goes into its container.
  mutating func complete(_ whole: JSONValue) {
    if watch.isActive, watch.selects(frames.last?.step) { changes.append(.completed(path, whole)) }
    add(whole)
  }

  mutating func open(isObject: Bool, at offset: Int) {
    guard frames.count < limits.depth else {
      return fail(.limit, "Nested deeper than \(limits.depth) levels", at: offset)
    }
    if watch.isActive { watch.open(frames.last?.step) }
    frames.append(Frame(isObject: isObject))
    state = isObject ? .firstName : .firstElement
  }

  mutating func close() {
    guard var frame = frames.popLast() else { return }
    let whole = frame.take()
    if watch.isActive, watch.close() { changes.append(.completed(path, whole)) }
    add(whole)
  }

  private mutating func add(_ whole: JSONValue) {
    if frames.isEmpty {
      value = whole
      state = .done
    } else {
      frames[frames.count - 1].add(whole)
      state = .afterValue
    }
  }

  /// The place of the value that comes next or has begun.
  var path: JSONPath { JSONPath(frames.map(\.step)) }

  /// Reports how a watched string has grown.
  mutating func reportText() {
    guard isWatched, text.utf8.count > reported else { return }
    let start = text.utf8.index(text.utf8.startIndex, offsetBy: reported)
    changes.append(.text(path, String(text[start...])))
    reported = text.utf8.count
  }
}

/// Which of the watched places the open containers are on the way to.
struct JSONWatch: Sendable {
  private let patterns: [JSONPathPattern]
  /// What each pattern has reached at each open container: a row a container.
  private var reached: [UInt64] = []

  init(_ patterns: [JSONPathPattern]) { self.patterns = patterns }

  var isActive: Bool { !patterns.isEmpty }

  /// Whether the value at that step of the innermost container is watched; the root has no step.
  func selects(_ step: JSONPath.Step?) -> Bool {
    patterns.indices.contains { patterns[$0].accepts(reach($0, step)) }
  }

  mutating func open(_ step: JSONPath.Step?) {
    let row = patterns.indices.map { reach($0, step) }
    reached += row
  }

  /// Leaves the innermost container; says whether it is watched.
  mutating func close() -> Bool {
    let row = reached.suffix(patterns.count)
    let isWatched = zip(patterns, row).contains { $0.accepts($1) }
    reached.removeLast(patterns.count)
    return isWatched
  }

  private func reach(_ place: Int, _ step: JSONPath.Step?) -> UInt64 {
    guard let step else { return JSONPathPattern.start }
    return patterns[place].advance(reached[reached.count - patterns.count + place], by: step)
  }
}
