import Signalbox

/// What the server says to a batch: `{"stored", "duplicate", "rejected": [{"index", "field", "error"}],
/// …}`, or `{"error": {"message", …}}`.
struct IngestAnswer {
  var rejected: [ExportRejection] = []
  var error: String?
  /// Traces that somebody cancelled and that this producer feeds.
  var cancelled: [TraceID] = []

  /// Anything that is not such an answer rejects nothing.
  init(_ body: [UInt8]) {
    guard let answer = try? JSONValue(parsing: body) else { return }
    error = answer["error"]?["message"]?.string
    if case .array(let traces)? = answer["cancel"] {
      cancelled = traces.compactMap { $0.string.flatMap { TraceID($0) } }
    }
    guard case .array(let items)? = answer["rejected"] else { return }
    rejected = items.compactMap { item in
      guard let index = item["index"]?.int else { return nil }
      return ExportRejection(
        index: Int(index), field: item["field"]?.string, reason: item["error"]?.string ?? "rejected")
    }
  }
}
