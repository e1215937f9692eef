/// Writing server-sent events.
extension ByteWriter {
  /// Writes one event whose data holds no line break, as JSON never does; empty parts are left out.
  package mutating func append(
    sse data: UnsafeRawBufferPointer, type: StaticString = "", id: (inout ByteWriter) -> Void = { _ in }
  ) {
    if type.utf8CodeUnitCount > 0 {
      append("event: ")
      append(type)
      append(UInt8(ascii: "\n"))
    }
    let start = count
    append("id: ")
    let empty = count
    id(&self)
    if count == empty { truncate(to: start) } else { append(UInt8(ascii: "\n")) }
    append("data: ")
    append(data)
    append("\n\n")
  }

  /// Writes one event whose data may hold line breaks of any kind.
  package mutating func append(sseLines data: String, type: StaticString = "") {
    if type.utf8CodeUnitCount > 0 {
      append("event: ")
      append(type)
      append(UInt8(ascii: "\n"))
    }
    for line in data.split(
      omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" })
    {
      append("data: ")
      append(utf8: String(line))
      append(UInt8(ascii: "\n"))
    }
    append(UInt8(ascii: "\n"))
  }

  /// Writes a comment, which keeps a connection alive; it holds no line break.
  package mutating func append(sseComment text: StaticString) {
    append(": ")
    append(text)
    append("\n\n")
  }

  /// Tells the client after how many milliseconds to reconnect.
  package mutating func append(sseRetry milliseconds: Int) {
    append("retry: ")
    append(decimal: milliseconds)
    append("\n\n")
  }
}
