package import JSONScan
internal import Wire

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Takes out of a stream of chat completions what `UsageQuestion` added to it, so that the client gets the bytes
/// that it would have got: the chunk that has usage and no choices, and `"usage":null` in all others.
///
/// A pure state machine over bytes that are split anywhere. What it is not sure about it lets pass unchanged. It
/// holds back the bytes of an event that is not complete, of which a client cannot make anything either.
package struct UsageChunkFilter: ~Copyable {
  private let parser: JSONParser
  private let limit: Int
  /// The bytes of the event that has begun.
  private let event = PaddedBuffer(capacity: 0)
  /// The line that comes next is the first byte's.
  private var isAtLineStart = true
  private var isAfterReturn = false
  /// The event before ended with CR; a LF behind it belongs to it.
  private var last: Fate?
  /// An event was too long: everything passes.
  private var isOff = false

  private enum Fate: Equatable { case passed, dropped }

  private enum Change {
    case none, drop
    case cut(Range<Int>)
  }

  /// `limit` bounds the bytes of an event that are held back; a stream with a longer one passes unchanged from there.
  package init(parser: JSONParser, limit: Int = 1 << 20) {
    self.parser = parser
    self.limit = limit
  }

  /// Takes the next bytes and hands over what the client is to get of them.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var rest = bytes
    if let last, let first = rest.first {
      self.last = nil
      if first == 0x0A {
        if last == .passed { body(UnsafeRawBufferPointer(rebasing: rest[..<1])) }
        rest = UnsafeRawBufferPointer(rebasing: rest[1...])
      }
    }
    while !rest.isEmpty, !isOff {
      let (length, isWhole) = endOfEvent(rest)
      guard event.count + length <= limit else {
        body(UnsafeRawBufferPointer(event.bytes))
        event.removeAll()
        isOff = true
        break
      }
      event.append(UnsafeRawBufferPointer(rebasing: rest[..<length]))
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
      guard isWhole else { return }
      let endsWithReturn = event.bytes.last == 0x0D
      let fate = give(body)
      if endsWithReturn { last = fate }
    }
    if !rest.isEmpty { body(rest) }
  }

  /// The stream has ended: hands over what was held back.
  package mutating func finish(_ body: (UnsafeRawBufferPointer) -> Void) {
    if event.count > 0 { _ = give(body) }
  }

  /// How many of the bytes belong to the event that has begun, and whether that is all of it: a blank line ends it.
  private mutating func endOfEvent(_ bytes: UnsafeRawBufferPointer) -> (length: Int, isWhole: Bool) {
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      switch byte {
      case 0x0A where isAfterReturn: isAfterReturn = false
      case 0x0A, 0x0D:
        isAfterReturn = byte == 0x0D
        guard isAtLineStart else {
          isAtLineStart = true
          continue
        }
        if isAfterReturn, at < bytes.count, bytes[at] == 0x0A { at += 1 }
        isAfterReturn = false
        return (at, true)
      default:
        isAfterReturn = false
        isAtLineStart = false
      }
    }
    return (at, false)
  }

  private mutating func give(_ body: (UnsafeRawBufferPointer) -> Void) -> Fate {
    let whole = UnsafeRawBufferPointer(event.bytes)
    let change = change(to: whole)
    switch change {
    case .none: body(whole)
    case .cut(let range):
      body(UnsafeRawBufferPointer(rebasing: whole[..<range.lowerBound]))
      body(UnsafeRawBufferPointer(rebasing: whole[range.upperBound...]))
    case .drop: break
    }
    event.removeAll()
    isAtLineStart = true
    if case .drop = change { return .dropped }
    return .passed
  }

  // MARK: What is taken out

  private func change(to event: UnsafeRawBufferPointer) -> Change {
    guard let payload = Self.payload(of: event) else { return .none }
    let text = UnsafeRawBufferPointer(rebasing: event[payload])
    guard text.first == UInt8(ascii: "{"), Self.mentionsUsage(text) else { return .none }
    do throws(JSONError) {
      let root = try parser.scan(padded: text).root
      var usage: (key: JSONValueView, value: JSONValueView)?
      var count = 0
      var choices: JSONValueView?
      root.forEachMember { key, value in
        if key.bytes.elementsEqual("usage") {
          usage = (key, value)
          count += 1
        } else if key.bytes.elementsEqual("choices") {
          choices = value
        }
      }
      guard let usage, count == 1 else { return .none }
      if usage.value.kind == .object, let choices, choices.kind == .array, choices.isEmpty { return .drop }
      guard usage.value.isNull else { return .none }
      let member = usage.key.offset - 1..<usage.value.offset + usage.value.bytes.count
      let cut = Self.withComma(member, in: text)
      return .cut(payload.lowerBound + cut.lowerBound..<payload.lowerBound + cut.upperBound)
    } catch {
      return .none
    }
  }

  /// Where the data of an event with exactly one line of it lies.
  private static func payload(of event: UnsafeRawBufferPointer) -> Range<Int>? {
    var found: Range<Int>?
    var at = 0
    while at < event.count {
      let end = event[at...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? event.count
      if UnsafeRawBufferPointer(rebasing: event[at..<end]).starts(with: "data:") {
        guard found == nil else { return nil }
        var start = at + 5
        if start < end, event[start] == 0x20 { start += 1 }
        found = start..<end
      }
      at = end + 1
    }
    return found
  }

  private static func mentionsUsage(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let base = text.baseAddress else { return false }
    let name: StaticString = "\"usage\""
    let last = text.count - name.utf8CodeUnitCount
    var at = 0
    while at <= last, let found = memchr(base + at, 0x22, last + 1 - at) {
      if memcmp(found, name.utf8Start, name.utf8CodeUnitCount) == 0 { return true }
      at = base.distance(to: UnsafeRawPointer(found)) + 1
    }
    return false
  }

  /// A member with the comma before it, or where it is the first, behind it.
  private static func withComma(_ member: Range<Int>, in text: UnsafeRawBufferPointer) -> Range<Int> {
    var start = member.lowerBound
    while start > 0, isSpace(text[start - 1]) { start -= 1 }
    if start > 0, text[start - 1] == UInt8(ascii: ",") { return start - 1..<member.upperBound }
    var end = member.upperBound
    while end < text.count, isSpace(text[end]) { end += 1 }
    if end < text.count, text[end] == UInt8(ascii: ",") { return member.lowerBound..<end + 1 }
    return member
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
