/// What is looked for in texts: kinds of personal data and secrets, and patterns of the user's own, compiled once.
///
/// `@unchecked Sendable`: the tables are written before the initializer returns and only read afterwards.
package final class RedactionSet: @unchecked Sendable {
  /// What stands in a text for what was there.
  package static let replacement: StaticString = "__REDACTED__"
  /// No text is held back beyond this many bytes.
  package static let longestHold = 1100

  /// The detectors' names, by the numbers that counts use: those of `Detector`, then the patterns'.
  package let names: [String]
  let patterns: [BytePattern]
  let isEnabled: [Bool]
  /// The keys' prefixes by their first byte.
  let prefixes: [[KeyPrefix]]
  /// What a byte belongs to, bits of `ByteClass`.
  let classes: UnsafeMutablePointer<UInt8>
  /// Which detectors may begin with a byte, bits of `Trigger`.
  let triggers: UnsafeMutablePointer<UInt8>

  package init(_ detectors: Set<Detector> = Set(Detector.allCases), patterns: [(String, BytePattern)] = []) {
    names = Detector.allCases.map(\.rawValue) + patterns.map(\.0)
    self.patterns = patterns.map(\.1)
    isEnabled = Detector.allCases.map { detectors.contains($0) }
    prefixes = (0..<256).map { byte in KeyPrefix.all.filter { Int($0.text.utf8Start[0]) == byte } }
    classes = .allocate(capacity: 256)
    triggers = .allocate(capacity: 256)
    for value in 0..<256 {
      let byte = UInt8(value)
      classes[value] = ByteClass.of(byte)
      triggers[value] = Trigger.of(byte, detectors, self.patterns)
    }
  }

  deinit {
    classes.deallocate()
    triggers.deallocate()
  }

  func isEnabled(_ detector: Detector) -> Bool { isEnabled[detector.number] }
}

/// A kind of personal data or secret that is known here.
package enum Detector: String, Sendable, CaseIterable {
  /// Keys of providers and clouds, by the prefixes that they give them.
  case key
  /// A JSON Web Token (RFC 7519) in compact form.
  case jwt
  /// An international bank account number (ISO 13616), checked by its digits (ISO 7064, mod 97).
  case iban
  /// An e-mail address.
  case email
  /// The number of a payment card (ISO/IEC 7812), checked by its last digit (Luhn).
  case card
  /// A US social security number, with its separators.
  case ssn
  /// An IPv4 or IPv6 address.
  case ip
  /// A phone number: international (E.164, `+` first) or North American, with its separators.
  case phone
  /// The value of a member whose name or path was given.
  case field

  package var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// How often each detector found something, by its number.
package struct RedactionCounts: Sendable, Equatable {
  package private(set) var found: [UInt64] = []

  package init() {}

  package var isEmpty: Bool { found.isEmpty }

  package mutating func add(_ detector: Int, _ count: UInt64 = 1) {
    while found.count <= detector { found.append(0) }
    found[detector] += count
  }

  mutating func add(_ detector: Detector) { add(detector.number) }

  package mutating func add(_ other: RedactionCounts) {
    for (detector, count) in other.found.enumerated() where count > 0 { add(detector, count) }
  }
}

/// What a matcher says of a place in a text.
enum RedactionOutcome {
  case none
  /// What has come so far may be the beginning of one.
  case more
  /// One ends at this offset; bytes of the classes in `swallow` that follow belong to it.
  case match(end: Int, swallow: UInt8 = 0)
}

/// Sets of bytes.
enum ByteClass {
  static let alphanumeric: UInt8 = 1
  /// Of the part of an e-mail address before the `@`.
  static let local: UInt8 = 2
  /// Of a domain, where letters of two UTF-8 bytes are taken for such.
  static let domain: UInt8 = 4
  static let key: UInt8 = 8
  static let base64: UInt8 = 16
  static let digit: UInt8 = 32
  static let hex: UInt8 = 64
  /// Of a token: base64url and the dots between its parts.
  static let token: UInt8 = 128

  static func of(_ byte: UInt8) -> UInt8 {
    var bits: UInt8 = 0
    let isDigit = 48...57 ~= byte
    let isLetter = 65...90 ~= byte || 97...122 ~= byte
    if isDigit || isLetter { bits |= alphanumeric | local | domain | key | base64 | token }
    if isDigit { bits |= digit | hex }
    if 65...70 ~= byte || 97...102 ~= byte { bits |= hex }
    switch byte {
    case UInt8(ascii: "."): bits |= local | domain | token
    case UInt8(ascii: "-"): bits |= local | domain | key | token
    case UInt8(ascii: "_"): bits |= local | key | token
    case UInt8(ascii: "+"): bits |= local | base64
    case UInt8(ascii: "/"), UInt8(ascii: "="): bits |= base64
    case UInt8(ascii: "%"): bits |= local
    case 0x80...0xDF: bits |= domain
    default: break
    }
    return bits
  }
}

/// Groups of detectors that are tried at a byte.
enum Trigger {
  static let key: UInt8 = 1
  static let iban: UInt8 = 2
  static let email: UInt8 = 4
  static let number: UInt8 = 8
  static let address: UInt8 = 16
  static let plus: UInt8 = 32
  static let parenthesis: UInt8 = 64
  static let pattern: UInt8 = 128
  /// Those that begin where a word begins.
  static let atWord = key | iban | number | address | plus

  static func of(_ byte: UInt8, _ detectors: Set<Detector>, _ patterns: [BytePattern]) -> UInt8 {
    let bits = ByteClass.of(byte)
    var set: UInt8 = 0
    if detectors.contains(.key), KeyPrefix.all.contains(where: { $0.text.utf8Start[0] == byte }) {
      set |= key
    }
    if detectors.contains(.jwt), byte == UInt8(ascii: "e") { set |= key }
    if detectors.contains(.iban), 65...90 ~= byte { set |= iban }
    if detectors.contains(.email), bits & ByteClass.local != 0 { set |= email }
    if bits & ByteClass.digit != 0, !detectors.isDisjoint(with: [.card, .ssn, .ip, .phone]) { set |= number }
    if detectors.contains(.ip), bits & ByteClass.hex != 0 || byte == UInt8(ascii: ":") { set |= address }
    if detectors.contains(.phone), byte == UInt8(ascii: "+") { set |= plus }
    if detectors.contains(.phone), byte == UInt8(ascii: "(") { set |= parenthesis }
    if patterns.contains(where: { $0.canBegin(with: byte) }) { set |= pattern }
    return set
  }
}
