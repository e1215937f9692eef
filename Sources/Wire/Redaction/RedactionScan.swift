/// One pass over a text, left to right; at each place the detectors are asked in a fixed order, and the first that
/// finds something wins. What they say depends on two bytes before the place and on what follows, never on how the text
/// came in pieces.
struct RedactionScan {
  let set: RedactionSet
  let text: UnsafeRawBufferPointer
  /// Nothing follows the text.
  let isFinal: Bool
  let classes: UnsafeMutablePointer<UInt8>
  /// No e-mail address begins before this offset.
  var noEmailBefore: Int

  init(_ set: RedactionSet, _ text: UnsafeRawBufferPointer, isFinal: Bool) {
    self.set = set
    self.text = text
    self.isFinal = isFinal
    classes = set.classes
    noEmailBefore = set.isEnabled(.email) ? 0 : .max
  }

  /// Writes what is decided of the text from `start` on, and answers up to where that is.
  ///
  /// - Parameter swallow: the classes of bytes that still belong to what was found last; 0 for none.
  mutating func run(
    from start: Int, swallow: inout UInt8, into out: inout ByteWriter, counts: inout RedactionCounts
  ) -> Int {
    var at = start
    skip(&at, &swallow)
    var clean = at
    let triggers = set.triggers
    while at < text.count {
      let wanted = triggers[Int(text[at])]
      guard wanted != 0 else {
        at += 1
        continue
      }
      var detector = 0
      switch match(at, wanted, &detector) {
      case .none:
        at += 1
        skipWord(&at)
      case .more:
        out.append(UnsafeRawBufferPointer(rebasing: text[clean..<at]))
        return at
      case .match(let end, let more):
        out.append(UnsafeRawBufferPointer(rebasing: text[clean..<at]))
        out.append(RedactionSet.replacement)
        counts.add(detector)
        at = end
        swallow = more
        skip(&at, &swallow)
        clean = at
      }
    }
    out.append(UnsafeRawBufferPointer(rebasing: text[clean..<text.count]))
    return text.count
  }

  /// Goes on behind the word that has begun before: nothing begins within one but an address, of which is known where
  /// none does, and patterns.
  @inline(__always) private func skipWord(_ at: inout Int) {
    guard set.patterns.isEmpty, `is`(at - 1, ByteClass.alphanumeric) else { return }
    if at > 1, text[at - 2] == UInt8(ascii: "\\") { return }
    let end = min(noEmailBefore, text.count)
    while at < end, `is`(at, ByteClass.alphanumeric) { at += 1 }
  }

  private func skip(_ at: inout Int, _ swallow: inout UInt8) {
    guard swallow != 0 else { return }
    while at < text.count, `is`(at, swallow) { at += 1 }
    if at < text.count { swallow = 0 }
  }

  private mutating func match(_ at: Int, _ wanted: UInt8, _ detector: inout Int) -> RedactionOutcome {
    if wanted & Trigger.atWord != 0, isWordStart(at) {
      if wanted & Trigger.key != 0 {
        if set.isEnabled(.key), let found = decide(key(at), .key, &detector) { return found }
        if set.isEnabled(.jwt), let found = decide(jwt(at), .jwt, &detector) { return found }
      }
      if wanted & Trigger.iban != 0, let found = decide(iban(at), .iban, &detector) { return found }
    }
    if wanted & Trigger.email != 0, at >= noEmailBefore, let found = decide(email(at), .email, &detector) {
      return found
    }
    if wanted & Trigger.atWord != 0, isWordStart(at) {
      if wanted & Trigger.number != 0, !isFraction(at) {
        if set.isEnabled(.card), let found = decide(card(at), .card, &detector) { return found }
        if set.isEnabled(.ssn), let found = decide(ssn(at), .ssn, &detector) { return found }
        if set.isEnabled(.ip), let found = decide(ipv4(at), .ip, &detector) { return found }
        if set.isEnabled(.phone), let found = decide(phone(at), .phone, &detector) { return found }
      }
      if wanted & Trigger.address != 0, let found = decide(ipv6(at), .ip, &detector) { return found }
      if wanted & Trigger.plus != 0, let found = decide(internationalPhone(at), .phone, &detector) {
        return found
      }
    }
    if wanted & Trigger.parenthesis != 0, let found = decide(phone(at), .phone, &detector) { return found }
    if wanted & Trigger.pattern != 0 {
      for (number, pattern) in set.patterns.enumerated() where pattern.canBegin(with: text[at]) {
        let outcome = pattern.match(text, at: at, isFinal: isFinal)
        if case .none = outcome { continue }
        detector = Detector.allCases.count + number
        return outcome
      }
    }
    return .none
  }

  private func decide(
    _ outcome: RedactionOutcome, _ kind: Detector, _ detector: inout Int
  ) -> RedactionOutcome? {
    if case .none = outcome { return nil }
    detector = kind.number
    return outcome
  }

  // MARK: Bytes

  @inline(__always) func `is`(_ at: Int, _ mask: UInt8) -> Bool { classes[Int(text[at])] & mask != 0 }

  /// Whether a word begins there. The letter of an escape such as `\n`, as JSON within a text has them, is no part of
  /// the word behind it.
  @inline(__always) func isWordStart(_ at: Int) -> Bool {
    guard at > 0, `is`(at - 1, ByteClass.alphanumeric) else { return true }
    return at > 1 && text[at - 2] == UInt8(ascii: "\\")
  }

  /// Whether the digits there stand behind a decimal point.
  private func isFraction(_ at: Int) -> Bool {
    at > 1 && text[at - 1] == UInt8(ascii: ".") && `is`(at - 2, ByteClass.digit)
  }

  /// What is to be said where the text ends before it is decided.
  @inline(__always) var ranOut: RedactionOutcome { isFinal ? .none : .more }
}

extension RedactionSet {
  /// Writes a whole text without what is found in it; how often something was found is added to `counts`.
  package func redact(
    _ text: UnsafeRawBufferPointer, into out: inout ByteWriter, counts: inout RedactionCounts
  ) {
    var scan = RedactionScan(self, text, isFinal: true)
    var swallow: UInt8 = 0
    _ = scan.run(from: 0, swallow: &swallow, into: &out, counts: &counts)
  }

  /// A whole text without what is found in it.
  package func redact(_ text: String) -> String {
    var text = text
    var out = ByteWriter(capacity: text.utf8.count + 16)
    var counts = RedactionCounts()
    text.withUTF8 { redact(UnsafeRawBufferPointer($0), into: &out, counts: &counts) }
    return out.string
  }
}

/// Redacts a text that comes in pieces: what may be the beginning of something to redact is held back, at most
/// `RedactionSet.longestHold` bytes of it. However the text is cut, what comes out joined is the same as that of the
/// whole text.
package struct StreamRedactor: Sendable {
  /// Up to two bytes that are out, then what is held back.
  private var pending: [UInt8] = []
  private var context = 0
  private var swallow: UInt8 = 0

  package init() {}

  /// Bytes held back.
  package var held: Int { pending.count - context }
  /// It remembers nothing that matters to what comes.
  package var isIdle: Bool { held == 0 && swallow == 0 }

  /// What comes next does not follow what came last: what is held back is forgotten, and the rest of a word that may
  /// have begun in between will not be shown.
  package mutating func lose() {
    self = StreamRedactor()
    swallow = ByteClass.token | ByteClass.base64 | ByteClass.local
  }

  /// Takes the next piece, valid UTF-8, and writes what is decided; with `isFinal`, all that is left.
  package mutating func feed(
    _ piece: UnsafeRawBufferPointer, with set: RedactionSet, isFinal: Bool = false,
    into out: inout ByteWriter,
    counts: inout RedactionCounts
  ) {
    pending.append(contentsOf: piece)
    let end = pending.withUnsafeBytes { text in
      var scan = RedactionScan(set, text, isFinal: isFinal)
      return scan.run(from: context, swallow: &swallow, into: &out, counts: &counts)
    }
    if end > 2 { pending.removeFirst(end - 2) }
    context = min(end, 2)
    if isFinal { self = StreamRedactor() }
  }
}
