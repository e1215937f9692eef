import CHTTPParser
import Wire

/// Whatever our parser takes, http_parser must take too and read the same way: what two parsers read
/// differently lets requests be smuggled. (The other way round does not hold; ours is stricter.)
@c(LLVMFuzzerTestOneInput)
public func fuzzHTTPOracle(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  var parser = HTTPRequestParser()
  guard case .head(let head, let consumed) = bytes.withUnsafeBytes({ parser.parse($0) }) else { return 0 }
  // http_parser wants an authority in a URL, which we do not use; and knows fewer methods.
  guard head.method != .other, head.target.hasPrefix("/") else { return 0 }
  let other = Oracle.read(Array(bytes[..<consumed]))
  precondition(other.isComplete, "http_parser refuses what we take")
  precondition(other.method == head.methodName, "another method")
  precondition(other.target == Array(head.target.utf8), "another target")
  precondition(other.minor == head.minorVersion, "another version")
  precondition(other.isChunked == (head.body == .chunked), "another coding")
  if case .length(let length) = head.body { precondition(other.length == UInt64(length), "another length") }
  if head.body == .none { precondition(other.length == UInt64.max, "a length that we do not see") }
  var fields: [[UInt8]] = []
  head.forEachField { fields += [Array($0), trimmed(Array($1))] }
  precondition(fields == other.fields.map { trimmed($0) }, "other fields")
  return 0
}

private func trimmed(_ bytes: [UInt8]) -> [UInt8] {
  let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
  return Array(bytes.drop(while: blank).reversed().drop(while: blank).reversed())
}

/// What http_parser makes of a head.
private struct Oracle {
  var target: [UInt8] = []
  /// Names and values in turn.
  var fields: [[UInt8]] = []
  var isComplete = false
  var method = ""
  var minor = 0
  var length: UInt64 = 0
  var isChunked = false

  static func read(_ bytes: [UInt8]) -> Oracle {
    var oracle = Oracle()
    var settings = http_parser_settings()
    http_parser_settings_init(&settings)
    settings.on_url = { parser, at, count in
      Oracle.of(parser).pointee.target += Oracle.bytes(at, count)
      return 0
    }
    settings.on_header_field = { parser, at, count in
      Oracle.of(parser).pointee.fields.append(Oracle.bytes(at, count))
      return 0
    }
    settings.on_header_value = { parser, at, count in
      Oracle.of(parser).pointee.fields.append(Oracle.bytes(at, count))
      return 0
    }
    settings.on_headers_complete = { parser in
      let oracle = Oracle.of(parser)
      oracle.pointee.isComplete = true
      oracle.pointee.method = String(cString: http_method_str(http_method(shim_method(parser))))
      oracle.pointee.minor = Int(parser!.pointee.http_minor)
      oracle.pointee.length = parser!.pointee.content_length
      oracle.pointee.isChunked = shim_is_chunked(parser) != 0
      return 0
    }
    var parser = http_parser()
    http_parser_init(&parser, HTTP_REQUEST)
    withUnsafeMutablePointer(to: &oracle) { place in
      parser.data = UnsafeMutableRawPointer(place)
      bytes.withUnsafeBytes { bytes in
        _ = http_parser_execute(
          &parser, &settings, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count)
      }
    }
    return oracle
  }

  private static func of(_ parser: UnsafeMutablePointer<http_parser>?) -> UnsafeMutablePointer<Oracle> {
    parser!.pointee.data.assumingMemoryBound(to: Oracle.self)
  }

  private static func bytes(_ at: UnsafePointer<CChar>?, _ count: Int) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: at, count: count))
  }
}
