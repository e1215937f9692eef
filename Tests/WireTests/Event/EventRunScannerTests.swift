import Testing
import Wire

/// The scanner for runs of events must say what the scanner for one event says.
@Suite struct EventRunScannerTests {
  private struct Shape {
    var id = "0198f7c2-0000-7000-8000-000000000000"
    var trace: String? = "4bf92f3577b34da6a3ce929d0e0e4736"
    var span = "00f067aa0ba902b7"
    var model = "gpt-4o"
    var index: Int64? = 3
    var count: Int64?
    var seq: Int64?
    var tags: String?
    var time: Int64 = 1_795_236_275_400_000_000
    var data = #"{"text":" word"}"#
  }

  private func batch(_ shapes: [Shape]) -> EventBatch {
    var builder = EventBatchBuilder()
    for shape in shapes {
      builder.begin()
      builder.string(.id, shape.id)
      builder.string(.type, "llm.delta")
      builder.phase(.delta)
      builder.time(Timestamp(nanoseconds: shape.time))
      builder.received(Timestamp(nanoseconds: shape.time + 1000))
      if let trace = shape.trace { builder.string(.trace, trace) }
      builder.string(.span, shape.span)
      builder.string(.model, shape.model)
      if let index = shape.index { builder.index(index) }
      if let count = shape.count { builder.count(count) }
      if let seq = shape.seq {
        builder.string(.producer, "p-1")
        builder.seq(seq)
      }
      if let tags = shape.tags { builder.json(.tags) { $0.append(utf8: tags) } }
      builder.json(.data) { $0.append(utf8: shape.data) }
      builder.end()
    }
    return builder.finish()
  }

  private func expectSame(_ found: EventSlot?, _ expected: EventSlot?, _ text: UnsafeRawBufferPointer) {
    let event = String(decoding: text, as: UTF8.self)
    guard let found, let expected else {
      #expect((found == nil) == (expected == nil), "\(event)")
      return
    }
    for field in EventField.allCases { #expect(found[field] == expected[field], "\(field) of \(event)") }
    #expect(found.start == expected.start && found.length == expected.length)
    #expect(found.phase == expected.phase && found.late == expected.late)
    #expect(found.time == expected.time && found.received == expected.received, "\(event)")
    #expect(
      found.index == expected.index && found.count == expected.count && found.seq == expected.seq, "\(event)")
    #expect(found.insertion == expected.insertion)
  }

  @Test func findsWhatTheOtherFinds() {
    var shapes: [Shape] = []
    for number in 0..<40 {
      var shape = Shape()
      shape.id = "0198f7c2-0000-7000-8000-0000000000\(10 + number)"
      shape.time += Int64(number) * (number % 7 == 0 ? 1_000_001 : 1_000_000)
      shape.index = Int64(number)
      if number % 3 == 0 { shape.span = "00f067aa0ba902b\(number % 10)" }
      if number % 5 == 0 { shape.trace = nil }
      if number % 11 == 0 { shape.id += "-longer" }
      if number % 4 == 1 { shape.count = 2 }
      if number % 6 == 1 { shape.seq = Int64(number) }
      if number % 8 == 2 { shape.tags = #"{"team":"a"}"# }
      if number % 9 == 4 { shape.index = nil }
      if number % 10 == 3 { shape.model = "gpt-\\\"4\(number % 3)" }
      if number % 13 == 5 { shape.data = #"{"text":"a\"},{b","list":[1,{"x":null}]}"# }
      shapes.append(shape)
      // The same shape again, with other values.
      shape.id = shape.id.replacing("8000", with: "9000")
      shape.time += 5_000_000
      if shape.index != nil { shape.index = Int64(1000 + number) }
      shapes.append(shape)
    }
    let batch = batch(shapes)
    var scanner = EventRunScanner()
    for slot in batch.slots {
      let text = batch.event(slot)
      expectSame(scanner.scan(text, start: slot.start), EventScanner.scan(text, start: slot.start), text)
    }
  }

  /// Whatever byte is another one behind an event of the same shape, the answers agree.
  @Test(arguments: [
    UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: "7"), 0x20,
  ])
  func agreesWhereABytesIsAnother(byte: UInt8) {
    let batch = batch([Shape(), Shape(index: 4)])
    let first = batch.event(batch.slots[0])
    let second = batch.event(batch.slots[1])
    let changed = UnsafeMutableRawBufferPointer.allocate(byteCount: second.count, alignment: 8)
    defer { changed.deallocate() }
    for place in 0..<second.count {
      changed.copyMemory(from: second)
      changed[place] = byte
      var scanner = EventRunScanner()
      _ = scanner.scan(first)
      let text = UnsafeRawBufferPointer(changed)
      expectSame(scanner.scan(text), EventScanner.scan(text), text)
    }
    for end in 0..<second.count {
      var scanner = EventRunScanner()
      _ = scanner.scan(first)
      let text = UnsafeRawBufferPointer(rebasing: second[..<end])
      expectSame(scanner.scan(text), EventScanner.scan(text), text)
    }
  }
}
