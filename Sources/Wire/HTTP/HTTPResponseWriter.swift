/// Writing response heads and chunks.
extension ByteWriter {
  /// Writes the status line; without a reason the usual one is written.
  package mutating func append(httpStatus status: Int, reason: String? = nil) {
    append("HTTP/1.1 ")
    append(decimal: status)
    append(UInt8(ascii: " "))
    if let reason {
      appendFieldText(reason)
    } else {
      append(HTTPStatus.reason(status))
    }
    append("\r\n")
  }

  /// Writes a header field; what could end the line becomes a space.
  package mutating func append(httpField name: String, _ value: String) {
    appendFieldText(name)
    append(": ")
    appendFieldText(value)
    append("\r\n")
  }

  package mutating func append(httpField name: StaticString, _ value: Int) {
    append(name)
    append(": ")
    append(decimal: value)
    append("\r\n")
  }

  /// Writes the line before a chunk of `count` bytes; CR LF must follow the bytes.
  package mutating func append(chunkSize count: Int) {
    let digits = max(1, (Int.bitWidth - count.leadingZeroBitCount + 3) / 4)
    append(hex: UInt64(count), digits: digits)
    append("\r\n")
  }

  private mutating func appendFieldText(_ text: String) {
    let start = count
    append(utf8: text)
    let written = UnsafeRawBufferPointer(rebasing: raw[start...])
    guard !HTTPCharacters.areValue(written) else { return }
    let clean = written.map { HTTPCharacters.isValue($0) ? $0 : 0x20 }
    truncate(to: start)
    append(clean)
  }
}

/// The usual reason phrases (RFC 9110 §15).
package enum HTTPStatus {
  package static func reason(_ status: Int) -> StaticString {
    switch status {
    case 100: "Continue"
    case 101: "Switching Protocols"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 425: "Too Early"
    case 426: "Upgrade Required"
    case 428: "Precondition Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Unknown"
    }
  }
}
