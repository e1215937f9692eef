import Testing
import Wire

@Suite struct EventCoreTests {
  /// Bytes that outlive the test: a temporary's pointer would dangle.
  private func bytes(_ text: String) -> UnsafeRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
    copy.copyBytes(from: text.utf8)
    return UnsafeRawBufferPointer(copy)
  }

  private func sample(tags: String? = nil) -> EventBatch {
    var builder = EventBatchBuilder()
    builder.begin()
    builder.string(.id, escaped: bytes("e-1"))
    builder.string(.type, escaped: bytes("llm.delta"))
    builder.phase(.delta)
    builder.time(Timestamp(nanoseconds: 1_795_236_275_400_000_000))
    builder.received(Timestamp(nanoseconds: 1_795_236_275_400_000_001))
    builder.string(.span, escaped: bytes("b7ad6b7169203331"))
    builder.string(.model, "gpt-\"4o\"")
    builder.index(17)
    if let tags { builder.json(.tags, bytes(tags)) }
    builder.json(.data, bytes(#"{"text":"a\"},{b"}"#))
    builder.unknown(name: bytes("future"), json: bytes("[1]"))
    builder.end()
    return builder.finish()
  }

  @Test func writesCanonicalJSONAndFindsItsMembersAgain() throws {
    let batch = sample()
    let slot = batch.slots[0]
    let text = String(decoding: batch.event(slot), as: UTF8.self)
    #expect(
      text == #"{"id":"e-1","type":"llm.delta","phase":"delta","time":"2026-11-21T04:44:35.400000Z","#
        + #""received":"2026-11-21T04:44:35.400000001Z","span":"b7ad6b7169203331","model":"gpt-\"4o\"","#
        + #""index":17,"data":{"text":"a\"},{b"},"future":[1]}"#)
    let scanned = try #require(EventScanner.scan(batch.event(slot)))
    for field in EventField.allCases { #expect(scanned[field] == slot[field], "\(field)") }
    #expect(scanned.index == 17 && scanned.phase == .delta)
    #expect(scanned.time == slot.time && scanned.received == slot.received)
    #expect(scanned.insertion == slot.insertion)
  }

  @Test func copiesWithWhatIsInherited() throws {
    let batch = sample()
    var inherited = Inherited()
    inherited.session = SharedBytes("s-1".utf8)
    inherited.trace = SharedBytes("t-1".utf8)
    inherited.late = true
    var builder = EventBatchBuilder()
    builder.append(copying: batch.slots[0], from: batch.bytes.raw, inheriting: inherited)
    let copy = builder.finish()
    let slot = copy.slots[0]
    #expect(copy.string(.session, of: slot) == "s-1")
    #expect(copy.string(.data, of: slot) == #"{"text":"a\"},{b"}"#)
    let scanned = try #require(EventScanner.scan(copy.event(slot)))
    for field in EventField.allCases { #expect(scanned[field] == slot[field], "\(field)") }
    #expect(scanned.late && slot.late)
  }

  @Test func aTruncatedEventIsNotAnEvent() {
    let batch = sample()
    let event = batch.event(batch.slots[0])
    for end in 0..<event.count where event[..<end].last != UInt8(ascii: "}") {
      #expect(EventScanner.scan(UnsafeRawBufferPointer(rebasing: event[..<end])) == nil)
    }
  }

  @Test(arguments: [
    ("llm.", true), ("llm.delta", true), ("llm.deltas", false), ("tool", false), ("", true),
  ]) func typePrefixes(prefix: String, matches: Bool) {
    var filter = EventFilter()
    filter.types = ["zzz", prefix]
    let batch = sample()
    #expect(EventMatcher(filter).matches(batch.slots[0], in: batch.bytes.raw) == matches)
  }

  @Test func tagsAreComparedWhole() {
    let batch = sample(tags: #"{"a":"x,\"k","k":"v","z":""}"#)
    func matches(_ key: String, _ value: String) -> Bool {
      var filter = EventFilter()
      filter.tags = [.init(key: key, value: value)]
      return EventMatcher(filter).matches(batch.slots[0], in: batch.bytes.raw)
    }
    #expect(matches("k", "v") && matches("a", "x,\"k") && matches("z", ""))
    #expect(!matches("k", "w") && !matches("x", "v") && !matches("k", "v\""))
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("2026-11-21T04:57:55.4+00:00", 1_795_237_075_400_000_000),
    ("2026-11-21 06:57:55.400000000+02:00", 1_795_237_075_400_000_000),
    ("1969-12-31T23:59:59.999999999Z", -1), ("2024-02-29T12:00:00-05:30", 1_709_227_800_000_000_000),
  ]) func readsAndWritesTime(text: String, nanoseconds: Int64) throws {
    let time = try #require(Timestamp(rfc3339: bytes(text)))
    #expect(time.nanoseconds == nanoseconds)
    var writer = ByteWriter()
    writer.append(rfc3339: time)
    #expect(Timestamp(rfc3339: writer.raw) == time)
  }

  @Test(arguments: [
    "", "2026-11-21", "2026-11-21T04:57:55", "2026-13-21T04:57:55Z", "2026-11-21T04:57:55.Z",
    "2026-11-21T04:57:55+0200", "2026-11-21T04:57:55Zx",
  ]) func refusesWhatIsNoMoment(text: String) { #expect(Timestamp(rfc3339: bytes(text)) == nil) }

  @Test func positionsAsText() {
    let position = Position(epoch: 0x3f9c_02a7_11de, offset: 1024)
    #expect(position.description == "3f9c02a711de-1024")
    #expect(Position("3f9c02a711de-1024") == position)
    for bad in ["", "3f9c02a711de-", "3f9c02a711de1024", "3F9c02a711de-1", "3f9c02a711de-1x"] {
      #expect(Position(bad) == nil)
    }
  }

  @Test func mintedIDsAscend() {
    var generator = UUIDv7Generator()
    var last = ""
    for i in 0..<10_000 {
      var writer = ByteWriter()
      writer.append(uuid: generator.next(at: Timestamp(nanoseconds: Int64(i / 5000) * 1_000_000 + 1)))
      let id = writer.string
      #expect(id > last && id.utf8.count == 36)
      last = id
    }
  }

  @Test(arguments: [0, 9, 10, 99, 100, 9_999_999_999, UInt64.max])
  func writesDecimals(value: UInt64) {
    var writer = ByteWriter(capacity: 1)
    writer.append(decimal: value)
    #expect(writer.string == String(value))
  }
}
