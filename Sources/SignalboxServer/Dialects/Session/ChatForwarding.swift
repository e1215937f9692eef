internal import Fetch
internal import JSONScan
internal import Signalbox
internal import Wire

/// Hands the messages of sessions to a program behind a URL, for servers that are no part of an app.
///
/// It is sent `POST {"session_id", "message_id", "content"}` with a `traceparent`, so that what it does can join the
/// trace. It answers with `{"content": "…"}`, with a text, or with server-sent events whose data is `{"delta": "…"}`
/// or `{"content": "…"}`; `[DONE]` and other data mean nothing. 204 is an answer that will come as events.
package enum ChatForwarding {
  /// Longest answer in one piece, in bytes.
  private static let answerLimit = 1 << 20

  /// A handler that asks the URL; an answer may take up to ten minutes, and a minute without a byte.
  package static func handler(url: String) -> ChatHandler {
    { message, reply in
      var body = ByteWriter(capacity: message.content.utf8.count + 128)
      body.append("{\"session_id\":")
      body.append(jsonString: message.session)
      body.append(member: "message_id", string: message.id)
      body.append(member: "content", string: message.content)
      body.append("}")
      var headers = [
        FetchHeader("Content-Type", "application/json"),
        FetchHeader("Accept", "text/event-stream, application/json, text/plain"),
      ]
      if let parent = reply.span.traceparent { headers.append(FetchHeader("traceparent", parent)) }
      let request = FetchRequest(
        "POST", url, headers: headers, body: SharedBytes(taking: body), timeouts: timeouts)
      try await take(await FetchClient.shared.send(request), from: request.authority, reply)
    }
  }

  private static let timeouts = FetchTimeouts(
    connect: .seconds(5), firstByte: .seconds(600), idle: .seconds(60), total: .seconds(600))

  private static func take(
    _ response: FetchResponse, from authority: String, _ reply: ChatReply
  ) async throws {
    guard 200..<300 ~= response.status else {
      throw ChatForwardingError(message: "\(authority) answered the message with status \(response.status)")
    }
    let type = response.header("content-type")?.lowercased() ?? ""
    if type.hasPrefix("text/event-stream") { return try await stream(response.body, reply) }
    let body = try await response.body.collect(limit: answerLimit)
    guard !body.isEmpty else { return }
    guard type.contains("json") else { return reply.send(String(decoding: body, as: UTF8.self)) }
    let answer = body.withUnsafeBytes { piece(of: $0, JSONParser()) }
    guard case .whole(let text) = answer else {
      throw ChatForwardingError(message: "\(authority) answered the message with JSON that has no content")
    }
    reply.send(text)
  }

  private static func stream(_ body: FetchBody, _ reply: ChatReply) async throws {
    var decoder = SSEDecoder(limit: answerLimit)
    let parser = JSONParser()
    for try await bytes in body {
      try bytes.withUnsafeBytes { bytes in
        try decoder.feed(bytes) { event in
          switch piece(of: event.data, parser) {
          case .delta(let text): reply.delta(text)
          case .whole(let text): reply.send(text)
          case nil: break
          }
        }
      }
    }
  }

  private enum Piece {
    case delta(String)
    case whole(String)
  }

  private static func piece(of data: UnsafeRawBufferPointer, _ parser: JSONParser) -> Piece? {
    guard let root = try? parser.scan(copying: data).root else { return nil }
    if let delta = root["delta"]?.string { return .delta(delta) }
    return root["content"]?.string.map { .whole($0) }
  }
}

/// Why a program behind a URL did not answer.
struct ChatForwardingError: Error, CustomStringConvertible {
  var message: String
  var description: String { message }
}
