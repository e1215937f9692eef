package import JSONScan
package import Wire

/// Asks for usage in a streamed chat completion whose client did not say whether it wants it.
package enum UsageQuestion {
  private static let member: StaticString = #""stream_options":{"include_usage":true},"#

  /// The request with `stream_options` as its first member, and every other byte as it was; nil when it is not to be
  /// asked: it is no stream, the client chose, or nobody can be sure. `request` has `JSONParser.padding` readable
  /// bytes behind it.
  package static func ask(_ request: UnsafeRawBufferPointer, parser: JSONParser) -> SharedBytes? {
    guard let brace = request.firstIndex(of: UInt8(ascii: "{")), isUndecidedStream(request, parser) else {
      return nil
    }
    var writer = ByteWriter(capacity: request.count + member.utf8CodeUnitCount)
    writer.append(UnsafeRawBufferPointer(rebasing: request[...brace]))
    writer.append(member)
    writer.append(UnsafeRawBufferPointer(rebasing: request[(brace + 1)...]))
    return SharedBytes(taking: writer)
  }

  private static func isUndecidedStream(_ request: UnsafeRawBufferPointer, _ parser: JSONParser) -> Bool {
    do throws(JSONError) {
      var isStream: Bool?
      var isClear = true
      try parser.scan(padded: request).root.forEachMember { key, value in
        let name = key.bytes
        if name.elementsEqual("stream") {
          if isStream != nil { isClear = false }
          isStream = value.bool
        } else if key.isEscaped || name.elementsEqual("stream_options") || name.elementsEqual("data_sources")
        {
          // An escaped name may be any of them; Azure refuses the question beside `data_sources`.
          isClear = false
        }
      }
      return isClear && isStream == true
    } catch {
      return false
    }
  }
}
