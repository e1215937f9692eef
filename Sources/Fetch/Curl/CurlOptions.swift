import CCurl
import Signalbox
import Wire

/// The options of an easy handle: those set once for its life, and those of each request.
enum CurlOptions {
  /// `me` is the `CurlHandle`, `multi` the `CurlMulti`; both outlive the easy handle's use of them.
  static func setOnce(
    _ easy: UnsafeMutableRawPointer, me: UnsafeMutableRawPointer, multi: UnsafeMutableRawPointer,
    failure: UnsafeMutablePointer<CChar>
  ) {
    sb_curl_easy_set_ptr(easy, CURLOPT_PRIVATE, me)
    sb_curl_easy_set_ptr(easy, CURLOPT_ERRORBUFFER, failure)
    sb_curl_easy_set_write(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, me in
      CurlHandle.with(me!) { $0.bring(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) }
    }
    sb_curl_easy_set_ptr(easy, CURLOPT_WRITEDATA, me)
    sb_curl_easy_set_write(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, me in
      CurlHandle.with(me!) { $0.bring(headerLine: UnsafeRawBufferPointer(start: bytes, count: size * count)) }
      return size * count
    }
    sb_curl_easy_set_ptr(easy, CURLOPT_HEADERDATA, me)
    // The socket outlives the transfer in the connection cache, so its argument is the multi.
    sb_curl_easy_set_close(easy) { multi, descriptor in CurlMulti.from(multi!).willClose(descriptor) }
    sb_curl_easy_set_ptr(easy, CURLOPT_CLOSESOCKETDATA, multi)

    sb_curl_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
    sb_curl_easy_set_long(easy, CURLOPT_TCP_NODELAY, 1)
    sb_curl_easy_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
    sb_curl_easy_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
    sb_curl_easy_set_long(easy, CURLOPT_PATH_AS_IS, 1)
    sb_curl_easy_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
    sb_curl_easy_set_long(easy, CURLOPT_HTTP_CONTENT_DECODING, 0)
    sb_curl_easy_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    sb_curl_easy_set_str(easy, CURLOPT_PROTOCOLS_STR, "http,https")
  }

  /// Sets what differs between requests; the list of header lines must live until the transfer ends.
  static func set(
    _ request: FetchRequest, on easy: UnsafeMutableRawPointer
  ) throws(FetchError) -> UnsafeMutablePointer<curl_slist>? {
    guard isToken(request.method) else {
      throw FetchError(.invalidRequest, "the method is not a token of HTTP: write GET, POST, …")
    }
    guard request.url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw FetchError(
        .invalidRequest, "the URL contains white space or control characters: percent-encode them")
    }
    let lines = try headerLines(request)
    guard sb_curl_easy_set_str(easy, CURLOPT_URL, request.url) == CURLE_OK else {
      curl_slist_free_all(lines)
      throw FetchError(.invalidRequest, "the URL is too long")
    }
    sb_curl_easy_set_ptr(easy, CURLOPT_HTTPHEADER, lines)
    setMethod(request, on: easy)
    sb_curl_easy_set_long(
      easy, CURLOPT_CONNECTTIMEOUT_MS, request.timeouts.connect.map(\.millisecondsRoundedUp) ?? Int(Int32.max)
    )
    sb_curl_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, request.tls.verifies ? 1 : 0)
    sb_curl_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, request.tls.verifies ? 2 : 0)
    if let caFile = request.tls.caFile { sb_curl_easy_set_str(easy, CURLOPT_CAINFO, caFile) }
    return lines
  }

  private static func setMethod(_ request: FetchRequest, on easy: UnsafeMutableRawPointer) {
    let body = request.body
    sb_curl_easy_set_ptr(easy, CURLOPT_POSTFIELDS, nil)
    switch request.method {
    case "HEAD" where body == nil:
      sb_curl_easy_set_str(easy, CURLOPT_CUSTOMREQUEST, nil)
      sb_curl_easy_set_long(easy, CURLOPT_NOBODY, 1)
      return
    case "GET" where body == nil:
      sb_curl_easy_set_str(easy, CURLOPT_CUSTOMREQUEST, nil)
      sb_curl_easy_set_long(easy, CURLOPT_HTTPGET, 1)
      return
    case "POST":
      sb_curl_easy_set_str(easy, CURLOPT_CUSTOMREQUEST, nil)
    default:
      sb_curl_easy_set_str(easy, CURLOPT_CUSTOMREQUEST, request.method)
    }
    guard body != nil || request.method == "POST" else {
      sb_curl_easy_set_long(easy, CURLOPT_HTTPGET, 1)
      return
    }
    sb_curl_easy_set_long(easy, CURLOPT_POST, 1)
    sb_curl_easy_set_off(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body?.count ?? 0))
    // libcurl does not copy it: the handle keeps the request, and with it the body, until the end.
    let bytes = body.map { UnsafeMutableRawPointer(mutating: $0.base) }
    sb_curl_easy_set_ptr(easy, CURLOPT_POSTFIELDS, bytes ?? emptyBody)
  }

  /// Something to point at when there is no body; `nil` would make libcurl ask for one.
  nonisolated(unsafe) private static let emptyBody = UnsafeMutableRawPointer.allocate(
    byteCount: 1, alignment: 1)

  private static func headerLines(
    _ request: FetchRequest
  ) throws(FetchError) -> UnsafeMutablePointer<curl_slist>? {
    var list: UnsafeMutablePointer<curl_slist>?
    var givesAccept = false
    var givesType = false
    for header in request.headers {
      let name = header.name.lowercased()
      guard isToken(header.name), header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
      else {
        curl_slist_free_all(list)
        throw FetchError(
          .invalidRequest, "header \(header.name.prefix(64)): control characters are not allowed")
      }
      switch name {
      case "content-length", "transfer-encoding", "expect": continue
      case "accept": givesAccept = true
      case "content-type": givesType = true
      default: break
      }
      // A semicolon is libcurl's way to write a header without a value.
      list = curl_slist_append(
        list, header.value.isEmpty ? header.name + ";" : header.name + ": " + header.value)
    }
    // What libcurl would add by itself. `Expect` would hold a large body back for a second.
    list = curl_slist_append(list, "Expect:")
    if !givesAccept { list = curl_slist_append(list, "Accept:") }
    if !givesType { list = curl_slist_append(list, "Content-Type:") }
    return list
  }

  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
