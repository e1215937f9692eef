/// How much of a request's head is accepted.
package struct HTTPLimits: Sendable {
  /// Longest request line in bytes, its CRLF included; a longer one is answered 414.
  package var requestLine = 8 << 10
  /// Longest head in bytes, at most 65535; a longer one is answered 431.
  package var head = 32 << 10
  /// Most header fields; more are answered 431.
  package var fields = 100

  package init() {}
}

/// Why a request cannot be served: the status to answer with and a plain sentence.
package struct HTTPError: Error, Equatable, Sendable {
  package var status: Int
  package var message: String

  package init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }
}
