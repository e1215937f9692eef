/// What can be measured by one name.
struct Case: Sendable {
  var name: String
  /// How, in one sentence.
  var method: String
  /// Only by name: it takes long, or installs much.
  var isLong = false
  var body: @Sendable (Bench) throws -> Void

  static let all: [Case] = [
    fanout, latency, ingest, single, gateway, formats, app, library, allocations, commits, memory, idle,
    start, reconnect, growth,
    spans, history, events, litellm, phoenix,
  ]

  static func named(_ name: String) -> Case? { all.first { $0.name == name } }
}
