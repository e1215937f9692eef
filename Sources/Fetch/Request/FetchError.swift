/// Why a transfer did not come to its end. The message names the host, never the URL's path, query,
/// credentials or a header.
package struct FetchError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Stage: String, Sendable { case connect, firstByte, idle, total }

  package enum Code: Sendable, Equatable {
    /// The request cannot be sent as it stands: a bad URL, scheme or header.
    case invalidRequest
    case couldNotResolve
    case couldNotConnect
    case tls
    case timeout(Stage)
    /// The connection broke, or was closed before a response came.
    case reset
    /// The body ended before its announced end.
    case partialBody
    /// What came was not HTTP.
    case malformedResponse
    /// The body grew beyond the limit of the caller.
    case tooLarge
    case cancelled
    /// Too many requests are waiting already.
    case overloaded
    /// Anything else that libcurl reports; its number is in the message.
    case other
  }

  package var code: Code
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Whether the same request may succeed when it is sent again.
  package var isRetryable: Bool {
    switch code {
    case .couldNotResolve, .couldNotConnect, .timeout, .reset, .partialBody, .overloaded: true
    case .invalidRequest, .tls, .malformedResponse, .tooLarge, .cancelled, .other: false
    }
  }

  package var description: String { message }

  static let cancelled = FetchError(.cancelled, "the request was cancelled")
}
