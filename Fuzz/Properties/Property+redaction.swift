import Wire

extension Property {
  /// The first byte says how the rest is cut. In pieces or whole, the same must come out, no more may be held back than is
  /// allowed, and UTF-8 must stay UTF-8; a JSON string must stay one.
  static let redaction = Property("redaction") { bytes in
    bytes.withUnsafeBytes { inspect($0) }
  }
}

private func inspect(_ input: UnsafeRawBufferPointer) {
  guard input.count > 1 else { return }
  let text = UnsafeRawBufferPointer(rebasing: input[1...])
  guard String(validating: text, as: UTF8.self) != nil else { return }
  var whole = ByteWriter()
  var counts = RedactionCounts()
  set.redact(text, into: &whole, counts: &counts)
  precondition(String(validating: whole.raw, as: UTF8.self) != nil, "what comes out is no UTF-8")

  var redactor = StreamRedactor()
  var joined = ByteWriter()
  var streamed = RedactionCounts()
  let size = Int(input[0] % 16) + 1
  var at = 0
  while at < text.count {
    let end = min(text.count, at + size)
    redactor.feed(
      UnsafeRawBufferPointer(rebasing: text[at..<end]), with: set, into: &joined, counts: &streamed)
    precondition(redactor.held <= RedactionSet.longestHold, "too much is held back")
    at = end
  }
  let none = UnsafeRawBufferPointer(start: nil, count: 0)
  redactor.feed(none, with: set, isFinal: true, into: &joined, counts: &streamed)
  precondition(joined.raw.elementsEqual(whole.raw), "cut in pieces of \(size), something else comes out")
  precondition(streamed == counts, "cut in pieces of \(size), something else is counted")

  var json = ByteWriter()
  json.append(jsonString: text)
  var redacted = ByteWriter()
  var walker = JSONRedactor(set)
  walker.append(json.raw, names: [], to: &redacted)
  var expected = ByteWriter()
  expected.append(jsonString: whole.raw)
  precondition(redacted.raw.elementsEqual(expected.raw), "as JSON, something else comes out")
  // What is no JSON makes nothing of sense, but ends.
  walker.append(text, names: [[100]], to: &redacted)
}

private let set = RedactionSet(
  patterns: (try? BytePattern("E[MN]P-\\d{2,6}x?")).map { [("own", $0)] } ?? [])
