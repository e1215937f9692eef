import SignalboxServer
import Testing
import Wire

@Suite struct EventDecoderTests {
  private let decoder = EventDecoder()
  private let now = Timestamp(nanoseconds: 1_795_237_075_000_000_000)

  /// Decodes a text that has the padding which the parser asks for.
  private func decode(_ text: String, lines: Bool = false) throws(IngestError) -> Decoded {
    let bytes = Array(text.utf8) + [UInt8](repeating: 0x20, count: 64)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    return try decoder.decode(
      padded: UnsafeRawBufferPointer(rebasing: memory[..<text.utf8.count]), received: now, lines: lines)
  }

  private func text(_ decoded: Decoded, _ place: Int = 0) -> String {
    String(decoding: decoded.batch.event(decoded.batch.slots[place]), as: UTF8.self)
  }

  @Test func fillsInWhatIsMissing() throws {
    let decoded = try decode(#"{"type":"cache.hit"}"#)
    let event = text(decoded)
    #expect(event.contains(#""type":"cache.hit""#))
    #expect(event.contains(#""time":"2026-11-21T04:57:55.000000Z","received":"2026-11-21T04:57:55.000000Z""#))
    #expect(decoded.batch.slots[0].mintedID)
    #expect(!event.contains("null"))
  }

  @Test func keepsWhatItDoesNotKnowAndForeignIDs() throws {
    let decoded = try decode(
      #"{"future":{"a":[1.50,"x"]},"type":"x","id":"a1B2-c3_d4","session":42,"data":{"n":1.0,"s":"\u00e9"}}"#)
    let event = text(decoded)
    #expect(event.contains(#""session":"42""#))
    #expect(event.contains(#""id":"a1B2-c3_d4""#))
    #expect(event.hasSuffix(#""data":{"n":1.0,"s":"\u00e9"},"future":{"a":[1.50,"x"]}}"#))
    #expect(!decoded.batch.slots[0].mintedID)
  }

  @Test func nullIsAbsentAndWhatIsOursIsDropped() throws {
    let event = text(
      try decode(#"{"type":"x","trace":null,"position":"3f9c02a711de-1","late":true,"received":"then"}"#))
    for member in ["trace", "position", "late", "then"] { #expect(!event.contains(member)) }
  }

  @Test func namesTheItemAndTheMemberAtFault() throws {
    let decoded = try decode(
      #"""
      [{"type":"ok"},{"type":"not ok"},{"type":"x","time":"2026-11-21T04:57:55"},7,{"type":"x","phase":"delta"},
       {"type":"x","tags":{"a":1}},{"type":"x","seq":1},{"type":"x","type":"y"},{"id":"x"},
       {"type":"x","span":"s","index":-1},{"type":"ok"}]
      """#)
    #expect(decoded.batch.count == 2)
    #expect(decoded.rejected == 9)
    #expect(
      decoded.rejections.map { "\($0.index) \($0.field)" } == [
        "1 type", "2 time", "3 ", "4 span", "5 tags.a", "6 producer", "7 type", "8 type", "9 index",
      ])
  }

  @Test func findsOutThatItIsNDJSON() throws {
    let decoded = try decode("{\"type\":\"a\"}\n\r\n{\"type\":\"b\"}\r\n{broken}\n{\"type\":\"c\"}")
    #expect(decoded.batch.count == 3)
    #expect(decoded.rejections.map(\.index) == [2])
    let one = try decode("{\n \"type\" : \"a\",\n \"data\" : { \"k\" :\n 1 }\n}")
    #expect(text(one).hasSuffix(#""data":{"k":1}}"#))
  }

  @Test(arguments: ["", "nonsense", "12", "[", "{\"type\":\"a\"", "[1,2]x"])
  func refusesWhatIsNoEvent(body: String) throws {
    do {
      let decoded = try decode(body)
      Issue.record("accepted \(decoded.batch.count)")
    } catch { #expect(error.status == 400) }
  }

  @Test func aStoredEventIsFoundAgain() throws {
    let decoded = try decode(
      #"""
      {"type":"llm.delta","phase":"delta","id":"e","time":"2026-11-21T06:57:55.4+02:00","trace":"t","span":"s",
       "parent":"p","session":"c","chain":"h","request":"r","source":{"service":"x y"},"identity":"a.b.c","provider":"o\u0070",
       "model":"m","index":3,"count":2,"producer":"d","seq":9,"schema":"1","tags":{"k" : "\u0076"},"data":[1, 2]}
      """#)
    let slot = decoded.batch.slots[0]
    let scanned = try #require(EventScanner.scan(decoded.batch.event(slot)))
    for field in EventField.allCases {
      #expect(slot[field].isPresent, "\(field)")
      #expect(scanned[field] == slot[field], "\(field)")
    }
    #expect(scanned.time == 1_795_237_075_400_000_000 && scanned.seq == 9 && scanned.count == 2)
    #expect(decoded.batch.string(.tags, of: slot) == #"{"k":"v"}"#)
    #expect(decoded.batch.string(.provider, of: slot) == "op")
  }
}
