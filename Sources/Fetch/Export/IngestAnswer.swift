import Signalbox

/// What the server says to a batch: `{"stored", "duplicate", "rejected": [{"index", "field", "error"}],
/// …}`, or `{"error": {"message", …}}`.
struct IngestAnswer {
  var rejected: [ExportRejection] = []
  var error: String?

  /// Anything that is not such an answer rejects nothing.
  init(_ body: [UInt8]) {
    guard let answer = try? JSONValue(parsing: body) else { return }
    error = answer["error"]?["message"]?.string
    guard case .array(let items)? = answer["rejected"] else { return }
    rejected = items.compactMap { item in
      guard let index = item["index"]?.int else { return nil }
      return ExportRejection(
        index: Int(index), field: item["field"]?.string, reason: item["error"]?.string ?? "rejected")
    }
  }
}
