#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The variables of the process, or those of a test.
package struct ProcessEnvironment: Sendable {
  private let read: @Sendable (String) -> String?

  package init(_ read: @escaping @Sendable (String) -> String?) { self.read = read }

  package init(_ variables: [String: String]) { self.init { variables[$0] } }

  package static let process = ProcessEnvironment { name in getenv(name).map { String(cString: $0) } }

  /// The value without white space around it, which a key read from a file often has; nil when nothing is left.
  subscript(name: String) -> String? {
    guard let value = read(name)?.trimmed, !value.isEmpty else { return nil }
    return value
  }
}

extension String {
  /// Without the ASCII white space around it.
  var trimmed: String {
    let isSpace = { (byte: UInt8) in byte == 0x20 || 0x09...0x0D ~= byte }
    guard let first = utf8.firstIndex(where: { !isSpace($0) }),
      let last = utf8.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(self[first...last])
  }
}
