import Fetch
import JSONScan
import Wire

/// What the server said to events that were sent to it.
struct IngestAnswer: Sendable {
  struct Rejection: Sendable {
    let index: Int
    let field: String
    let error: String
  }

  var stored = 0
  var duplicate = 0
  var rejected: [Rejection] = []
  var position = ""

  init() {}

  init(_ body: SharedBytes) throws {
    let parser = JSONParser()
    let root = try parser.scan(copying: body.raw).root
    stored = Int(root["stored"]?.int ?? 0)
    duplicate = Int(root["duplicate"]?.int ?? 0)
    position = root["position"]?.string ?? ""
    var rejected: [Rejection] = []
    root["rejected"]?.forEachElement { item in
      rejected.append(
        Rejection(
          index: Int(item["index"]?.int ?? 0), field: item["field"]?.string ?? "",
          error: item["error"]?.string ?? ""))
    }
    self.rejected = rejected
    withExtendedLifetime(parser) {}
  }
}

extension ServerClient {
  /// Sends events, one JSON object a line, and returns when they are stored. A batch of which nothing was
  /// taken is an answer too.
  func post(lines: SharedBytes) async throws -> IngestAnswer {
    let response = try await send(
      "POST", "/v1/events", body: lines, headers: [FetchHeader("Content-Type", "application/x-ndjson")])
    let body = SharedBytes(try await response.body.collect(limit: 64 << 20))
    if (200..<300).contains(response.status) { return try IngestAnswer(body) }
    if let answer = try? IngestAnswer(body), !answer.rejected.isEmpty { return answer }
    throw refusal(response.status, body)
  }
}
