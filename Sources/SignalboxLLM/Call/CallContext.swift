package import JSONScan
package import Wire

/// A moment by both clocks: the wall's for the event, the steady one for durations.
package struct Moment: Equatable, Sendable {
  package var wall: Timestamp
  /// Nanoseconds of a clock that never jumps.
  package var steady: UInt64

  package init(wall: Timestamp, steady: UInt64) {
    self.wall = wall
    self.steady = steady
  }

  /// Milliseconds since an earlier moment, to the microsecond; never negative.
  func milliseconds(since start: Moment) -> Double {
    steady > start.steady ? (Double(steady - start.steady) / 1000).rounded() / 1000 : 0
  }
}

/// Who a call belongs to: what every one of its events says. All texts are ready to stand between quotes.
package struct CallContext: Sendable {
  /// 32 hexadecimal digits.
  package var trace: [UInt8]
  /// 16 hexadecimal digits.
  package var span: [UInt8]
  package var parent: [UInt8] = []
  package var session: [UInt8] = []
  package var chain: [UInt8] = []
  package var request: [UInt8] = []
  package var provider: [UInt8]
  /// The model that was asked for; empty until it is known.
  package var model: [UInt8] = []
  /// The `tags` object as JSON; empty: none.
  package var tags: [UInt8] = []
  /// Keys that the request carried; they are cut out of what a provider says of a failure.
  package var keys: [[UInt8]] = []

  package init(trace: [UInt8], span: [UInt8], provider: [UInt8]) {
    self.trace = trace
    self.span = span
    self.provider = provider
  }
}

/// What the calls of one thread share: the parser, the prices, and the minting of ids. Confined to that thread.
package final class CallTools {
  package let parser = JSONParser()
  package var ids = UUIDv7Generator()

  let prices: PriceTable

  package init(prices: PriceTable = .builtIn) { self.prices = prices }

  /// A fresh trace or span id: 16 hexadecimal digits for every word.
  package func mintHex(words: Int, at time: Timestamp) -> [UInt8] {
    var writer = ByteWriter(capacity: 32)
    for _ in 0..<words {
      let (high, low) = ids.next(at: time)
      // The low half is random but for its two leading bits; a clock's bits would repeat.
      writer.append(hex: low ^ (high << 48), digits: 16)
    }
    return Array(writer.raw)
  }
}

extension EventBatchBuilder {
  /// Begins an event of a call: all members up to `model`.
  mutating func begin(
    _ type: StaticString, _ phase: Phase?, of call: CallContext, at time: Timestamp, tools: CallTools
  ) {
    begin()
    mintedID(tools.ids.next(at: time))
    string(.type, escaped: UnsafeRawBufferPointer(start: type.utf8Start, count: type.utf8CodeUnitCount))
    if let phase { self.phase(phase) }
    self.time(time)
    received(time)
    string(.trace, unlessEmpty: call.trace)
    string(.span, unlessEmpty: call.span)
    string(.parent, unlessEmpty: call.parent)
    string(.session, unlessEmpty: call.session)
    string(.chain, unlessEmpty: call.chain)
    string(.request, unlessEmpty: call.request)
    string(.provider, unlessEmpty: call.provider)
    string(.model, unlessEmpty: call.model)
  }

  /// Adds tags and data, and ends the event.
  mutating func end(of call: CallContext, _ data: (inout ByteWriter) -> Void) {
    if !call.tags.isEmpty { call.tags.withUnsafeBytes { json(.tags, $0) } }
    json(.data, data)
    end()
  }

  private mutating func string(_ field: EventField, unlessEmpty text: [UInt8]) {
    guard !text.isEmpty else { return }
    text.withUnsafeBytes { string(field, escaped: $0) }
  }
}
