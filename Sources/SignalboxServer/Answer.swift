package import Net
package import SignalboxLog
package import Wire

/// An error as clients see it: `{"error": {"code", "message", "field"?, "hint"?}}`.
package struct APIError: Error, Equatable, Sendable {
  package var status: Int
  /// A stable word for programs.
  package var code: String
  /// A plain sentence.
  package var message: String
  /// The member or parameter at fault.
  package var field: String?
  /// What to do about it.
  package var hint: String?
  /// Seconds after which to try again.
  package var retryAfter: Int?
  /// The methods that are understood, for 405.
  package var allow: String?

  package init(
    _ status: Int, _ code: String, _ message: String, field: String? = nil, hint: String? = nil,
    retryAfter: Int? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.field = field
    self.hint = hint
    self.retryAfter = retryAfter
  }

  package init(_ error: QueryError) {
    self.init(400, "invalid_parameter", error.message, field: error.field, hint: error.hint)
  }

  package init(_ error: IngestError) {
    self.init(error.status, error.code, error.message, hint: error.hint)
  }

  /// Why the log did not take a batch; nil when it did.
  package init?(_ admission: SubmitAdmission) {
    switch admission {
    case .accepted: return nil
    case .overloaded(let seconds):
      self.init(
        503, "overloaded", "More events are coming in than can be stored",
        hint: "Send them again after a moment",
        retryAfter: seconds)
    case .unavailable(let seconds, let message):
      self.init(503, "not_stored", message, hint: "Send them again later", retryAfter: seconds)
    case .closed: self.init(503, "stopping", "The server is stopping", retryAfter: 1)
    }
  }

  package init(_ failure: SubmitResult.Failure) {
    self.init(
      503, "not_stored", failure.message, hint: "Send them again later", retryAfter: failure.retryAfter)
  }

  static func nothing(at path: String) -> APIError {
    APIError(
      404, "not_found", "There is nothing at \(path)",
      hint: "See GET /v1/events, /v1/live, /v1/traces, POST /v1/events, or the page at /")
  }

  /// The body that says it.
  package func write(to writer: inout ByteWriter) {
    writer.append("{\"error\":{\"code\":")
    writer.append(jsonString: code)
    writer.append(",\"message\":")
    writer.append(jsonString: message)
    if let field {
      writer.append(",\"field\":")
      writer.append(jsonString: field)
    }
    if let hint {
      writer.append(",\"hint\":")
      writer.append(jsonString: hint)
    }
    writer.append("}}")
  }
}

extension HTTPExchange {
  /// Answers with JSON that the closure writes.
  package func respond(json status: Int = 200, _ write: (inout ByteWriter) -> Void) {
    var writer = ByteWriter(capacity: 256)
    write(&writer)
    respond(status, headers: Self.json, body: writer.raw)
  }

  private static let json = [(name: "Content-Type", value: "application/json")]

  package func respond(_ error: APIError) {
    var headers = Self.json
    if let seconds = error.retryAfter { headers.append(("Retry-After", String(seconds))) }
    if let allow = error.allow { headers.append(("Allow", allow)) }
    if error.status == 401 { headers.append(("WWW-Authenticate", "Bearer realm=\"signalbox\"")) }
    var writer = ByteWriter(capacity: 256)
    error.write(to: &writer)
    respond(error.status, headers: headers, body: writer.raw)
  }
}
