package import CSimdjson
package import Wire

/// Why a text is not JSON.
package struct JSONError: Error, Equatable, Sendable {
  /// A plain sentence.
  package let message: String
}

/// Scans and validates JSON texts with simdjson, and says where every value lies.
///
/// Confined to one thread at a time: its buffers are reused from scan to scan.
package final class JSONParser {
  /// Readable bytes that must follow a text, whatever they hold.
  package static let padding = Int(sb_json_padding())
  /// Deepest nesting that is accepted.
  package static let depthLimit: UInt32 = 128

  private let handle: OpaquePointer
  private var copy = ByteWriter(capacity: 0)

  package init() { handle = sb_json_parser_create() }

  deinit { sb_json_parser_destroy(handle) }

  /// Scans a text behind which `padding` bytes are readable. The document points into the text and into the
  /// parser: it is valid until the next scan and while the text is.
  package func scan(padded text: UnsafeRawBufferPointer) throws(JSONError) -> JSONDocument {
    guard let base = text.baseAddress, text.count > 0 else { throw JSONError(message: "The text is empty") }
    guard text.count < Int(UInt32.max) else { throw JSONError(message: "The text is longer than 4 GiB") }
    var nodes: UnsafePointer<sb_json_node>?
    let count = sb_json_scan(
      handle, base.assumingMemoryBound(to: UInt8.self), text.count, Self.depthLimit, &nodes)
    guard count > 0, let nodes else { throw JSONError(message: String(cString: sb_json_error(count))) }
    return JSONDocument(text: text, nodes: nodes, count: Int(count))
  }

  /// Scans a copy of a text, for texts whose surroundings are not the caller's.
  package func scan(copying text: UnsafeRawBufferPointer) throws(JSONError) -> JSONDocument {
    copy.truncate(to: 0)
    copy.reserve(text.count + Self.padding)
    copy.append(text)
    return try scan(padded: copy.raw)
  }

  package func scan(_ text: String) throws(JSONError) -> JSONDocument {
    copy.truncate(to: 0)
    copy.reserve(text.utf8.count + Self.padding)
    copy.append(utf8: text)
    return try scan(padded: copy.raw)
  }

  /// Appends a JSON text without its insignificant white space. The text must be valid JSON.
  package static func minify(_ text: UnsafeRawBufferPointer, into writer: inout ByteWriter) {
    guard let base = text.baseAddress else { return }
    let written = writer.appendUninitialized(text.count) { out in
      max(0, Int(sb_json_minify(base.assumingMemoryBound(to: UInt8.self), text.count, out)))
    }
    precondition(written >= 0)
  }
}

/// A scanned text: its nodes in document order.
package struct JSONDocument {
  package let text: UnsafeRawBufferPointer
  @usableFromInline let nodes: UnsafePointer<sb_json_node>
  package let count: Int

  package var root: JSONValueView { JSONValueView(document: self, index: 0) }
}
