import CCurl

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension FetchError {
  /// Says what libcurl's result means for the host it was about.
  static func from(_ code: CURLcode, authority: String, detail: String, systemError: Int32) -> FetchError {
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
      return FetchError(.couldNotResolve, "could not resolve \(authority): check the name and the network")
    case CURLE_COULDNT_CONNECT:
      let why = systemError == 0 ? "no answer" : String(cString: strerror(systemError))
      return FetchError(.couldNotConnect, "could not connect to \(authority): \(why)")
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED:
      return FetchError(.tls, "TLS with \(authority) failed: \(detail)")
    case CURLE_OPERATION_TIMEDOUT:
      return timeout(.connect, authority: authority)
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR:
      return FetchError(.reset, "the connection to \(authority) broke")
    case CURLE_GOT_NOTHING:
      return FetchError(.reset, "\(authority) closed the connection without a response")
    case CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM:
      return FetchError(.partialBody, "the response of \(authority) ended before its announced end")
    // libcurl takes an answer without a status line for HTTP/0.9 and reports it as this.
    case CURLE_UNSUPPORTED_PROTOCOL where !detail.contains("HTTP/0.9"):
      return FetchError(.invalidRequest, "the URL of \(authority) must begin with http:// or https://")
    case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL:
      return FetchError(.malformedResponse, "\(authority) answered with something that is not HTTP")
    case CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING:
      return FetchError(.malformedResponse, "\(authority) broke the rules of HTTP")
    case CURLE_URL_MALFORMAT:
      return FetchError(.invalidRequest, "the URL is not valid: write http://host:port/path")
    default:
      return FetchError(
        .other,
        "the request to \(authority) failed: \(String(cString: curl_easy_strerror(code)))"
          + " (libcurl \(code.rawValue))")
    }
  }

  static func timeout(_ stage: Stage, authority: String) -> FetchError {
    let what =
      switch stage {
      case .connect: "no connection to \(authority)"
      case .firstByte: "no response from \(authority)"
      case .idle: "the response of \(authority) stopped"
      case .total: "the response of \(authority) was not complete"
      }
    return FetchError(.timeout(stage), what + " within the \(stage.rawValue) timeout")
  }
}
