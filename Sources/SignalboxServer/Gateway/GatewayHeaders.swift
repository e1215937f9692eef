internal import Fetch
internal import Signalbox
internal import SignalboxLLM
internal import Wire

/// What the gateway reads out of a request's headers, and what it passes on: every end-to-end header, verbatim and
/// in order.
struct GatewayHeaders {
  private(set) var passed: [FetchHeader] = []
  /// The values of the headers that carry a provider's key, without their scheme.
  var keys: [[UInt8]] {
    passed.compactMap { header in
      switch header.name.lowercased() {
      case "authorization": header.value.split(separator: " ").last.map { Array($0.utf8) }
      case "api-key", "x-api-key", "x-goog-api-key", "x-amz-security-token": Array(header.value.utf8)
      default: nil
      }
    }
  }
  private(set) var traceparent: Traceparent?
  private(set) var session: [UInt8] = []
  private(set) var chain: [UInt8] = []
  private(set) var request: [UInt8] = []
  /// The `tags` object as JSON; empty: none.
  private(set) var tags: [UInt8] = []
  /// What `x-signalbox-budget` allows.
  private(set) var budget = Budget()
  /// What is wrong with `x-signalbox-budget`: a limit that somebody relies on is not just ignored.
  private(set) var badBudget: String?
  /// Values of our own headers that mean nothing and were ignored.
  private(set) var ignored = 0

  init(_ head: HTTPRequestHead) {
    passed.reserveCapacity(head.fields.count)
    let named = HopByHop(head)
    head.forEachField { name, value in
      if name.count > 12, HTTPCharacters.equal(UnsafeRawBufferPointer(rebasing: name[..<12]), "x-signalbox-")
      {
        return takeOwn(UnsafeRawBufferPointer(rebasing: name[12...]), value)
      }
      if name.count == 11, HTTPCharacters.equal(name, "traceparent") {
        traceparent = Traceparent(value)
        if traceparent == nil { ignored += 1 }
      }
      guard !HopByHop.isAlways(name), !named.contains(name), !HTTPCharacters.equal(name, "host") else {
        return
      }
      passed.append(
        FetchHeader(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }
  }

  /// Has the upstream answer as plain bytes. A client that asks for compression takes an answer without as well.
  mutating func refuseCompression() {
    guard let first = passed.firstIndex(where: Self.isAcceptEncoding) else { return }
    passed[first].value = "identity"
    let rest = passed[(first + 1)...].filter { !Self.isAcceptEncoding($0) }
    passed.replaceSubrange((first + 1)..., with: rest)
  }

  private static func isAcceptEncoding(_ header: FetchHeader) -> Bool {
    header.name.lowercased() == "accept-encoding"
  }

  private mutating func takeOwn(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    if HTTPCharacters.equal(name, "session") {
      takeID(value, \.session)
    } else if HTTPCharacters.equal(name, "chain") {
      takeID(value, \.chain)
    } else if HTTPCharacters.equal(name, "request") {
      takeID(value, \.request)
    } else if HTTPCharacters.equal(name, "tags") {
      ignored += TagList.append(value, to: &tags)
    } else if HTTPCharacters.equal(name, "budget") {
      takeBudget(String(decoding: value, as: UTF8.self))
    }
  }

  private mutating func takeBudget(_ text: String) {
    do throws(BudgetError) { budget = budget.tightened(by: try Budget(list: text)) } catch {
      badBudget = error.message
    }
  }

  private mutating func takeID(
    _ value: UnsafeRawBufferPointer, _ place: WritableKeyPath<GatewayHeaders, [UInt8]>
  ) {
    if EventRules.isID(value) { self[keyPath: place] = Array(value) } else { ignored += 1 }
  }
}

/// The headers that concern one connection only (RFC 9110 §7.6.1).
struct HopByHop {
  /// Names that `Connection` lists beyond the usual ones.
  private var named: [[UInt8]] = []

  init(_ head: HTTPRequestHead) {
    head.forEachField { name, value in note(name, value) }
  }

  init(_ head: FetchHead) {
    head.forEachHeader { name, value in note(name, value) }
  }

  private mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    guard name.count == 10, HTTPCharacters.equal(name, "connection") else { return }
    HTTPCharacters.forEachMember(value) { member in
      if HTTPCharacters.equal(member, "close") || HTTPCharacters.equal(member, "keep-alive") { return }
      named.append(member.map(HTTPCharacters.lower))
    }
  }

  func contains(_ name: UnsafeRawBufferPointer) -> Bool {
    !named.isEmpty && named.contains(name.map(HTTPCharacters.lower))
  }

  /// Names that are never passed on; the framing of a body is decided anew on each side.
  static func isAlways(_ name: UnsafeRawBufferPointer) -> Bool {
    switch name.count {
    case 2: HTTPCharacters.equal(name, "te")
    case 6: HTTPCharacters.equal(name, "expect")
    case 7: HTTPCharacters.equal(name, "trailer") || HTTPCharacters.equal(name, "upgrade")
    case 10: HTTPCharacters.equal(name, "connection") || HTTPCharacters.equal(name, "keep-alive")
    case 14: HTTPCharacters.equal(name, "content-length")
    case 16: HTTPCharacters.equal(name, "proxy-connection")
    case 17: HTTPCharacters.equal(name, "transfer-encoding")
    case 19: HTTPCharacters.equal(name, "proxy-authorization")
    default: false
    }
  }
}

/// A W3C trace context of version 00: `00-<trace>-<parent>-<flags>`, in lower case, ids not all zero.
struct Traceparent: Equatable {
  let trace: [UInt8]
  let parent: [UInt8]

  init?(_ value: UnsafeRawBufferPointer) {
    guard value.count >= 55, value[2] == 0x2D, value[35] == 0x2D, value[52] == 0x2D,
      let version = Self.hex(value[0..<2]), !version.elementsEqual("ff".utf8),
      // Later versions may add to the end; version 00 may not.
      value.count == 55 || (!version.elementsEqual("00".utf8) && value[55] == 0x2D),
      let trace = Self.hex(value[3..<35]), let parent = Self.hex(value[36..<52]),
      Self.hex(value[53..<55]) != nil,
      trace.contains(where: { $0 != 0x30 }), parent.contains(where: { $0 != 0x30 })
    else { return nil }
    self.trace = trace
    self.parent = parent
  }

  private static func hex(_ bytes: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
    bytes.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 } ? Array(bytes) : nil
  }
}

/// `x-signalbox-tags: team=search,user=42`: percent-encoding is undone in keys and values, as in W3C baggage.
enum TagList {
  /// Writes the `tags` object as JSON, and says how many pairs meant nothing.
  static func append(_ value: UnsafeRawBufferPointer, to json: inout [UInt8]) -> Int {
    var writer = ByteWriter(capacity: value.count + 16)
    var keys: [String] = []
    var ignored = 0
    for pair in value.split(separator: UInt8(ascii: ",")) {
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), keys.count < EventRules.tagCount,
        let key = text(pair[..<equals], 1...EventRules.tagKeyLength), !keys.contains(key),
        let value = text(pair[(equals + 1)...], 0...EventRules.tagValueLength)
      else {
        ignored += 1
        continue
      }
      writer.append(keys.isEmpty ? "{" : ",")
      keys.append(key)
      writer.append(jsonString: key)
      writer.append(":")
      writer.append(jsonString: value)
    }
    guard !keys.isEmpty else { return ignored }
    writer.append("}")
    json = Array(writer.raw)
    return ignored
  }

  private static func text(_ bytes: Slice<UnsafeRawBufferPointer>, _ length: ClosedRange<Int>) -> String? {
    var slice = bytes
    while let first = slice.first, first == 0x20 || first == 0x09 { slice = slice.dropFirst() }
    while let last = slice.last, last == 0x20 || last == 0x09 { slice = slice.dropLast() }
    let text = HTTPQuery.decode(UnsafeRawBufferPointer(rebasing: slice), plusIsSpace: false)
    return length ~= text.utf8.count && !text.unicodeScalars.contains("\u{FFFD}") ? text : nil
  }
}
