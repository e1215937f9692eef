import Testing
import Wire

@testable import SignalboxLog

@Suite struct SmallPartsTests {
  @Test(arguments: 0..<8) func rangeSetsAgreeWithSets(seed: UInt64) {
    var random = TestRandom(seed: seed)
    var ranges = RangeSet()
    var model: Set<Int64> = []
    for _ in 0..<2000 {
      let start = Int64(random.below(300))
      let range = start..<start + 1 + Int64(random.below(4))
      #expect(ranges.contains(range) == range.allSatisfy(model.contains))
      if random.below(3) > 0 {
        ranges.insert(range)
        model.formUnion(range)
      }
    }
    let later = ranges.encodedLater
    #expect(later.map { RangeSet(next: ranges.next, later: $0.raw) } ?? ranges == ranges)
  }

  @Test func tooManyGapsCloseTheOldest() {
    var ranges = RangeSet()
    for i in 0...Int64(RangeSet.maxRanges) { ranges.insert(2 * i + 1..<2 * i + 2) }
    #expect(ranges.contains(0..<1) && !ranges.contains(2..<3) && ranges.later.count == RangeSet.maxRanges)
  }

  @Test(arguments: [1, 7, 64]) func theWindowForgetsTheOldest(capacity: Int) {
    var random = TestRandom(seed: 3)
    var window = IDWindow(capacity: capacity)
    var model: [UInt64] = []
    for _ in 0..<5000 {
      // Few values, so that many share a place.
      let id = UInt64(random.below(capacity * 4)) << 56 | UInt64(random.below(3)) + 1
      #expect(window.contains(id) == model.contains(id))
      if !model.contains(id) {
        window.insert(id)
        model.append(id)
        if model.count > capacity { model.removeFirst() }
      }
    }
  }

  @Test func sipHashIsTheReference() {
    // Appendix A of the SipHash paper.
    let hash = SipHash(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
    let input = SharedBytes(0..<15)
    #expect(hash(input.raw) == 0xa129_ca61_49be_45e5)
  }

  @Test func spanKeysAreTheirValue() {
    let hash = SipHash(key: (1, 2))
    let ids = ["00f067aa0ba902b7", "00F067AA0BA902B7", "x"].map { SharedBytes($0.utf8) }
    #expect(hash.spanKey(ids[0].raw) == 0x00f0_67aa_0ba9_02b7)
    #expect(hash.spanKey(ids[1].raw) == hash(ids[1].raw) && hash.spanKey(ids[2].raw) == hash(ids[2].raw))
  }

  @Test func blocksCutAnywhereAreDamagedNotFatal() throws {
    let batch = makeBatch(stream(1, deltas: 5))
    var writer = ByteWriter()
    EventBlock.appendHead(
      batch.slots.enumerated().map { (offset: 10 + UInt64((7 * $0) % 8), length: $1.length) }, base: 10,
      to: &writer)
    writer.append(batch.bytes.raw)
    let whole = SharedBytes(taking: writer)
    let read = try #require(EventBlock.events(in: whole, base: 10))
    #expect(read.offsets == [10, 17, 16, 15, 14, 13, 12])
    for (slot, original) in zip(read.batch.slots, batch.slots) {
      #expect(read.batch.event(slot).sameBytes(batch.event(original)))
    }
    for end in 0..<whole.count {
      #expect(EventBlock.events(in: SharedBytes(copying: whole[0..<end]), base: 10) == nil)
    }
  }

  @Test func aFlippedBitIsFound() throws {
    let codec = BlockCodec()
    var writer = ByteWriter()
    for i in 0..<400 { writer.append(utf8: "event \(i) ") }
    let packed = codec.pack(writer)
    func unpack(_ bytes: SharedBytes, codec kind: Codec? = nil) -> SharedBytes? {
      codec.unpack(bytes.raw, codec: kind ?? packed.codec, size: packed.size, checksum: packed.checksum)
    }
    let whole = try #require(unpack(packed.bytes))
    #expect(packed.codec == .zstd && whole.raw.sameBytes(writer.raw))
    for position in stride(from: 0, to: packed.bytes.count, by: 7) {
      var bytes = Array(packed.bytes.raw)
      bytes[position] ^= 4
      #expect(unpack(SharedBytes(bytes)) == nil)
    }
  }

  @Test(
    arguments: [
      (#"{"name":"n","x":{"name":"inner"}}"#, "n"),
      (#"{"a":[1,{"name":2}],"name":"b\"\u00e9\ud83d\ude00"}"#, "b\"é😀"),
      (#"{"a":"}","name":"c"}"#, "c"), (#"{"x":{"name":"inner"}}"#, nil), (#"{"name":5}"#, nil), ("{}", nil),
      ("[1]", nil), (#"{"name":"#, nil),
    ] as [(String, String?)]) func membersOfCanonicalObjects(text: String, name: String?)
  {
    let bytes = SharedBytes(text.utf8)
    #expect(CanonicalObject(bytes.raw).string("name", most: 100) == name)
  }

  @Test func longStringsAreCutBetweenCharacters() {
    for length in 12...40 {
      let bytes = SharedBytes("{\"m\":\"\(String(repeating: "aé\\n", count: 20))\"}".utf8)
      let cut = CanonicalObject(bytes.raw).string("m", most: length)
      #expect(cut?.hasSuffix("…") == true && cut?.contains("\u{FFFD}") == false)
      #expect(cut?.dropLast().contains("\\") == false)
    }
  }
}

/// A random source that gives the same in every run (SplitMix64).
struct TestRandom {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
