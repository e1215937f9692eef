import JSONScan
import SignalboxLLM
import Wire

/// Unsafe: properties are looked at by one thread.
nonisolated(unsafe) private let reading = JSONParser()
nonisolated(unsafe) private let checking = JSONParser()

extension Property {
  /// The first byte of the input chooses a format, the rest is the body of a reply; where its highest bit is set and
  /// the format comes in frames, the rest is lines that become frames whose checksums are right. What is read must not
  /// depend on how the body is split, and what goes into events must be JSON.
  static let replies = Property("replies") { bytes in
    guard let first = bytes.first else { return }
    let format = ReplyFormat.allCases[Int(first) % ReplyFormat.allCases.count]
    let isSealed = format == .converse && first >= 0x80
    let body = isSealed ? bytes[1...].split(separator: 0x0A).flatMap { frame(Array($0)) } : Array(bytes[1...])
    for status in [200, 500] {
      Pieces.agree(body, step: 1 + Int(body.last ?? 0) % 64) { read(body, format, status, step: $0) }
    }
  }
}

/// A frame whose header `:event-type`, or `:exception-type`, is what stands before the first space, and whose
/// payload is the rest.
private func frame(_ line: [UInt8]) -> [UInt8] {
  let cut = line.firstIndex(of: 0x20) ?? line.endIndex
  let name = String(decoding: line[..<cut], as: UTF8.self)
  let kind = name.hasSuffix("n") ? "exception" : "event"
  var writer = ByteWriter()
  Array(line[cut...].dropFirst()).withUnsafeBytes {
    writer.append(eventStream: $0, headers: [(":message-type", kind), (":\(kind)-type", name)])
  }
  return Array(writer.raw)
}

private func read(_ body: [UInt8], _ format: ReplyFormat, _ status: Int, step: Int) -> [String] {
  var limits = ReplyDecoder.Limits()
  limits.event = 1024
  limits.reply = 2048
  let decoder = ReplyDecoder(format, parser: reading, limits: limits)
  decoder.respond(status: status, contentEncoding: nil)
  var seen: [String] = []
  let note: (ReplyItem) -> Void = { seen.append(describe($0)) }
  var begin = 0
  while begin < body.count {
    let end = min(begin + step, body.count)
    // Memory of its own, so that reading past the end is found.
    let window = Array(body[begin..<end])
    begin = end
    window.withUnsafeBytes { decoder.receive($0, note) }
  }
  if let failure = decoder.finish(note) { seen.append(describe(failure)) }
  let summary = decoder.summary
  for text in [summary.id, summary.model, summary.serviceTier] + summary.finishReasons { check(text: text) }
  if !summary.rawUsage.isEmpty { check(json: summary.rawUsage) }
  return seen + ["\(summary.finishReasons) \(summary.id) \(summary.model) \(decoder.unread ?? "")"]
    + ["\(decoder.counts) \(String(describing: summary.usage)) \(summary.isFinished)"]
}

private func describe(_ item: ReplyItem) -> String {
  switch item {
  case .piece(let piece):
    if piece.isValue { check(json: Array(piece.text)) } else { check(text: Array(piece.text)) }
    for text in [piece.toolID, piece.toolName] { check(text: text.map { Array($0) } ?? []) }
    precondition(piece.choice >= 0 && piece.tool >= -1, "a place is negative")
    return "\(piece.channel) \(piece.choice) \(piece.tool) \(piece.runsAtProvider) \(Array(piece.text))"
  case .annotation(let value, let choice):
    check(json: Array(value.json))
    return "annotation \(choice) \(Array(value.json))"
  case .opaque(let value, let event):
    check(json: Array(value.json))
    return "opaque \(Array(event)) \(Array(value.json))"
  case .usage: return "usage"
  case .failure(let failure): return describe(failure)
  case .end: return "end"
  }
}

private func describe(_ failure: CallFailure) -> String {
  check(text: failure.message)
  check(text: failure.code)
  return "\(failure)"
}

/// The bytes must be able to stand between the quotes of a JSON string.
private func check(text: [UInt8]) {
  check(json: [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")])
}

private func check(json: [UInt8]) {
  let isValid = json.withUnsafeBytes { (try? checking.scan(copying: $0)) != nil }
  precondition(isValid, "not JSON: \(String(decoding: json, as: UTF8.self))")
}
