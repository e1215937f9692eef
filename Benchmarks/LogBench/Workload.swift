import Wire

/// What the figures are measured with: model calls that stream side by side, four of them a trace and a session,
/// two hundred deltas each.
struct Workload {
  static let spansAtOnce = 64
  static let deltas = 200
  static let spansPerTrace = 4

  private var slots: [(span: Int, next: Int)]
  private var nextSpan = 0
  private var turn = 0
  private var ids = UUIDv7Generator()
  private var random = SplitMix(state: 42)

  init() {
    slots = []
    for _ in 0..<Self.spansAtOnce {
      slots.append((nextSpan, 0))
      nextSpan += 1
    }
  }

  /// The next `count` events, each from the next of the running calls.
  mutating func batch(_ count: Int, clock: Timestamp = .now()) -> EventBatch {
    var builder = EventBatchBuilder(capacity: count * 300, events: count)
    for _ in 0..<count {
      turn = (turn + 1) % Self.spansAtOnce
      append(turn, to: &builder, clock)
    }
    return builder.finish()
  }

  private mutating func append(_ slot: Int, to builder: inout EventBatchBuilder, _ clock: Timestamp) {
    let (span, step) = slots[slot]
    builder.begin()
    builder.mintedID(ids.next(at: clock))
    let phase: Phase = step == 0 ? .start : step <= Self.deltas ? .delta : .end
    builder.string(.type, phase == .start ? "llm.start" : phase == .delta ? "llm.delta" : "llm.end")
    builder.phase(phase)
    builder.time(clock)
    builder.received(clock)
    builder.string(.trace, Self.trace(span / Self.spansPerTrace))
    builder.string(.span, Self.id(span, digits: 16))
    builder.string(.session, Self.session(span / Self.spansPerTrace))
    switch phase {
    case .start:
      builder.string(.provider, "openai")
      builder.string(.model, "gpt-4o")
      builder.json(.data) { $0.append("{\"operation\":\"chat\",\"stream\":true}") }
      slots[slot].next += 1
    case .delta:
      builder.index(Int64(step - 1))
      let word = Self.words[Int(random.next() % UInt64(Self.words.count))]
      builder.json(.data) { data in
        data.append("{\"text\":\" ")
        data.append(utf8: word)
        data.append("\"}")
      }
      slots[slot].next += 1
    default:
      builder.json(.data) { $0.append("{\"finish_reason\":\"stop\",\"usage\":{\"input\":9,\"output\":200}}") }
      slots[slot] = (nextSpan, 0)
      nextSpan += 1
    }
    builder.end()
  }

  static func trace(_ number: Int) -> String { id(number, digits: 16) + id(number &+ 77, digits: 16) }
  static func session(_ number: Int) -> String { "s-" + id(number, digits: 12) }

  /// Ids as random as real ones are, and the same in every run.
  static func id(_ number: Int, digits: Int) -> String {
    var mixer = SplitMix(state: UInt64(number))
    var writer = ByteWriter(capacity: 16)
    writer.append(hex: mixer.next(), digits: digits)
    return writer.string
  }

  private static let words = """
    the a of and to in is that it was for on with as his they at be this from have or by one had not but what \
    all were when we there can an your which their said if do will each about how up out them then she many \
    some so these would other into has more her two like him see time could no make than first been its who \
    now people my made over did down only way find use may water long little very after words called just \
    where most know streaming tokens model context response therefore however function return value
    """.split(separator: " ").map(String.init)
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
