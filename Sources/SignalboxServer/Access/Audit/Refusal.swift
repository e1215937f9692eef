internal import SignalboxLLM
package import Wire

/// A request that was turned away, as the audit tells it: who, what and why, without a secret.
package struct Refusal: Sendable {
  /// The code of the error: the reason by which refusals are counted.
  package var reason: String
  package var status: Int
  package var time: Timestamp
  /// Where it came from, without the port.
  package var address: String
  package var method: String
  /// The path without its query; what may be a secret in it is cut out.
  package var path: String
  /// The id of the key, where it is known.
  package var key: String?
  /// The `sub` of the token, where its signature was good.
  package var subject: String?
  /// The member or parameter at fault, such as `session`.
  package var field: String?

  package init(
    _ error: APIError, time: Timestamp, address: String, method: String, path: String, key: String? = nil,
    subject: String? = nil
  ) {
    reason = error.code
    status = error.status
    field = error.field
    self.time = time
    self.address = address
    self.method = String(method.prefix(16))
    self.path = Self.clean(path)
    self.key = key
    self.subject = subject
  }

  /// Longest path that is told, in bytes.
  private static let pathLimit = 200

  /// Keys stand in paths (`/g/{key}/…`), and whoever pastes a URL wrongly puts a token there.
  private static func clean(_ path: String) -> String {
    var parts = path.utf8.prefix(pathLimit).split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
    )
    .map { String(decoding: Array($0), as: UTF8.self) }
    for place in parts.indices {
      let isKey = place == 2 && parts[1] == "g" && parts[2] != "-"
      if isKey || parts[place].hasPrefix("sbk_") || parts[place].hasPrefix("eyJ") { parts[place] = "…" }
    }
    var writer = ByteWriter(capacity: pathLimit)
    Array(parts.joined(separator: "/").utf8).withUnsafeBytes { KeyScrubber.append($0, to: &writer) }
    return String(decoding: writer.raw, as: UTF8.self)
  }

  /// One line of JSON.
  ///
  /// - Parameter suppressed: refusals since the line before that got none.
  package func line(suppressed: Int) -> String {
    var json = ByteWriter(capacity: 256)
    json.append("{\"audit\":\"refused\",\"time\":\"")
    json.append(rfc3339: time)
    json.append("\",\"reason\":")
    json.append(jsonString: reason)
    json.append(",\"status\":")
    json.append(decimal: status)
    for (name, value) in [
      ("address", address), ("method", method), ("path", path), ("key", key), ("subject", subject),
      ("field", field),
    ] as [(StaticString, String?)] {
      json.appendMember(name, value)
    }
    if suppressed > 0 {
      json.append(",\"suppressed\":")
      json.append(decimal: suppressed)
    }
    json.append("}")
    return json.string
  }
}
