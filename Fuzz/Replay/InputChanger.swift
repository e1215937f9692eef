/// Changes inputs as a fuzzer does: bits, pieces, and what stands in other inputs; the same for the same seed.
struct InputChanger {
  private var state: UInt64
  private let corpus: [[UInt8]]
  private static let tokens: [[UInt8]] =
    [
      "0", "-1", "18446744073709551616", "1e400", "null", "\"", "\\u0000", "{", "[", "}", "]", ",", ":",
      "\r\n", "\n\n",
      "\u{FEFF}", "%00", "&", "=", "..", "--", "\u{1F600}", "data:", "Content-Length: 5\r\n",
    ].map { Array($0.utf8) } + [
      [0], [0xFF, 0xFE], [0xC0, 0x80], [0xED, 0xA0, 0x80], [UInt8](repeating: 0x61, count: 300),
    ]

  init(seed: UInt64, corpus: [[UInt8]]) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    self.corpus = corpus
  }

  mutating func changed(_ input: [UInt8]) -> [UInt8] {
    var bytes = input
    for _ in 0...below(4) {
      let place = below(bytes.count + 1)
      switch below(6) {
      case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8(below(8)) }
      case 1: bytes.insert(UInt8(below(256)), at: place)
      case 2: bytes.removeSubrange(place..<min(place + 1 + below(8), bytes.count))
      case 3: bytes.insert(contentsOf: Self.tokens[below(Self.tokens.count)], at: place)
      case 4: bytes.insert(contentsOf: bytes[place..<min(place + below(64), bytes.count)], at: place)
      default:
        let other = corpus[below(corpus.count)]
        bytes = Array(bytes[..<place] + other.dropFirst(below(other.count + 1)))
      }
    }
    return Array(bytes.prefix(4096))
  }

  /// A number from 0 to `limit` - 1 (SplitMix64).
  private mutating func below(_ limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ mixed >> 31) % UInt64(limit))
  }
}
