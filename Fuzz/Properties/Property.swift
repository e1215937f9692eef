/// What must hold of a parser whatever bytes it gets: a check that stops the program where it does not.
///
/// `make fuzz` searches for such bytes; `make test` replays what is kept in `Fuzz/corpus/<name>`, and changes it a
/// little. A finding becomes a file there.
struct Property: Sendable {
  let name: String
  let check: @Sendable ([UInt8]) -> Void

  init(_ name: String, _ check: @escaping @Sendable ([UInt8]) -> Void) {
    self.name = name
    self.check = check
  }

  static let all: [Property] = [
    httpRequest, webSocket, sse, events, replies, redaction,
    query, position, route, token, keySet, sessionFrame, simWorksFrame,
    lines, arrays, eventStreams, encodings, rules, pattern, cassette, prices, budget, types, gzip, block,
    json, partialJSON, traceparent, dates, arguments, cleaning,
  ]

  static func named(_ name: String) -> Property? { all.first { $0.name == name } }
}
