/// One header field as places in the head's bytes.
package struct HTTPField: Sendable {
  var nameStart: UInt16
  var nameCount: UInt16
  var valueStart: UInt16
  var valueCount: UInt16

  var name: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameCount) }
  var value: Range<Int> { Int(valueStart)..<Int(valueStart) + Int(valueCount) }
}

/// The head of a request: one copy of its bytes and the places of what is in it.
package struct HTTPRequestHead: Sendable {
  /// How long the body is.
  package enum Body: Equatable, Sendable {
    case none
    case length(Int)
    case chunked
  }

  let bytes: [UInt8]
  package let fields: [HTTPField]
  let marks: Marks

  /// What the parser found out; ranges are places in the bytes.
  struct Marks: Sendable {
    var method = HTTPMethod.other
    var name = 0..<0
    var target = 0..<0
    var path = 0..<0
    var query = 0..<0
    var minor: UInt8 = 1
    var body = Body.none
    var hosts = 0
    var expectsContinue = false
    var close = false
    var keepAlive = false
    var upgrade = false
  }

  package var method: HTTPMethod { marks.method }
  /// The method as it was sent.
  package var methodName: String { string(marks.name) }
  /// The request target as it was sent.
  package var target: String { string(marks.target) }
  /// The path as it was sent, percent signs kept; see `pathSegments` for the decoded one.
  package var path: String { string(marks.path) }
  /// The query as it was sent, without its question mark; empty when there is none.
  package var rawQuery: String { string(marks.query) }
  /// The query's parameters, decoded.
  package var query: HTTPQuery { withBytes(marks.query) { HTTPQuery($0) } }
  /// 0 for HTTP/1.0, 1 for HTTP/1.1.
  package var minorVersion: Int { Int(marks.minor) }
  package var body: Body { marks.body }
  /// The client waits for `100 Continue` before it sends the body.
  package var expectsContinue: Bool { marks.expectsContinue }
  /// The client wants the connection kept open after the answer.
  package var keepAlive: Bool { marks.minor == 1 ? !marks.close : marks.keepAlive && !marks.close }
  /// `Connection` names `upgrade`.
  package var wantsUpgrade: Bool { marks.upgrade }

  /// The path's segments, each percent-decoded: `/a%2Fb/c` gives `a/b` and `c`.
  package var pathSegments: [String] {
    withBytes(marks.path) { path in
      path.split(separator: UInt8(ascii: "/")).map {
        HTTPQuery.decode(UnsafeRawBufferPointer(rebasing: $0), plusIsSpace: false)
      }
    }
  }

  /// Whether the path is this one, byte for byte.
  package func pathIs(_ path: StaticString) -> Bool {
    marks.path.count == path.utf8CodeUnitCount && pathHasPrefix(path)
  }

  /// Whether the path begins with these bytes.
  package func pathHasPrefix(_ prefix: StaticString) -> Bool {
    withBytes(marks.path) { path in
      guard path.count >= prefix.utf8CodeUnitCount else { return false }
      for at in 0..<prefix.utf8CodeUnitCount where path[at] != prefix.utf8Start[at] { return false }
      return true
    }
  }

  /// The first field with this name, which is given in lower case.
  package func field(_ name: StaticString) -> HTTPField? {
    bytes.withUnsafeBytes { bytes in
      fields.first { HTTPCharacters.equal(UnsafeRawBufferPointer(rebasing: bytes[$0.name]), name) }
    }
  }

  /// The value of the first field with this name, which is given in lower case.
  package func value(_ name: StaticString) -> String? { field(name).map { string($0.value) } }

  /// The values of all fields with this name, which is given in lower case.
  package func values(_ name: StaticString) -> [String] {
    var found: [String] = []
    forEachField {
      if HTTPCharacters.equal($0, name) { found.append(String(decoding: $1, as: UTF8.self)) }
    }
    return found
  }

  /// Whether a field's comma-separated list holds a token; both are given in lower case, any case matches.
  package func field(_ name: StaticString, contains token: StaticString) -> Bool {
    var found = false
    forEachField { field, value in
      guard HTTPCharacters.equal(field, name) else { return }
      HTTPCharacters.forEachMember(value) { if HTTPCharacters.equal($0, token) { found = true } }
    }
    return found
  }

  /// Calls `body` with a field's value; the bytes are valid during the call.
  package func withValue<R>(_ name: StaticString, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    field(name).map { withBytes($0.value, body) }
  }

  /// Calls `body` with the name and the value of each field, in order; the bytes are valid during the call.
  package func forEachField(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
    bytes.withUnsafeBytes { bytes in
      for field in fields {
        body(
          UnsafeRawBufferPointer(rebasing: bytes[field.name]),
          UnsafeRawBufferPointer(rebasing: bytes[field.value]))
      }
    }
  }

  /// Calls `body` with the path as it was sent; the bytes are valid during the call.
  package func withPath<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { withBytes(marks.path, body) }

  /// Calls `body` with the target as it was sent; the bytes are valid during the call.
  package func withTarget<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { withBytes(marks.target, body) }

  private func withBytes<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  private func string(_ range: Range<Int>) -> String {
    withBytes(range) { String(decoding: $0, as: UTF8.self) }
  }
}
