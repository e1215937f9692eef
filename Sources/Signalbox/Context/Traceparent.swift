/// W3C Trace Context, the `traceparent` header: `00-<trace>-<span>-<flags>`.
extension Context {
  /// The header that lets another service join this trace; `nil` outside of a span.
  public var traceparent: String? {
    guard let trace = fields.trace, let span = fields.span else { return nil }
    return "00-\(trace)-\(span)-01"
  }

  /// Joins the trace of an incoming `traceparent` header: spans that are opened now are children of its span.
  /// False, and nothing is changed, when the header is malformed; then a trace of its own begins.
  @discardableResult
  public mutating func join(traceparent header: String) -> Bool {
    let parts = header.split(separator: "-", omittingEmptySubsequences: false)
    // A later version may have more parts; `ff` is forbidden.
    guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff", parts[0] != "00" || parts.count == 4,
      let trace = TraceID(String(parts[1])), let span = SpanID(String(parts[2])), parts[3].utf8.count == 2
    else { return false }
    self.trace = trace
    self.span = span
    self.parent = nil
    return true
  }
}
