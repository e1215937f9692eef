import Wire

extension Cassette {
  /// The cassette as a file's content: NDJSON.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter(capacity: 1024)
    append(head: &writer)
    for chunk in chunks { Cassette.append(chunk, to: &writer) }
    append(end: &writer)
    return [UInt8](writer.raw)
  }

  private func append(head writer: inout ByteWriter) {
    writer.append("{\"cassette\":1,\"recorded\":")
    writer.append(UInt8(ascii: "\""))
    writer.append(rfc3339: Timestamp(nanoseconds: recorded))
    writer.append("\",\"request\":{\"method\":")
    writer.append(jsonString: request.method)
    writer.append(",\"path\":")
    writer.append(jsonString: request.path)
    if let model = request.model {
      writer.append(",\"model\":")
      writer.append(jsonString: model)
    }
    writer.append(",\"body_hash\":")
    writer.append(jsonString: request.bodyHash)
    writer.append(",\"body_bytes\":")
    writer.append(decimal: request.bodyBytes)
    writer.append("},\"status\":")
    writer.append(decimal: status)
    writer.append(",\"at\":")
    writer.append(decimal: headAt)
    writer.append(",\"headers\":[")
    for (place, header) in headers.enumerated() {
      if place > 0 { writer.append(UInt8(ascii: ",")) }
      writer.append(UInt8(ascii: "["))
      writer.append(jsonString: header.name)
      writer.append(UInt8(ascii: ","))
      writer.append(jsonString: header.value)
      writer.append(UInt8(ascii: "]"))
    }
    writer.append("]}\n")
  }

  private static func append(_ chunk: Chunk, to writer: inout ByteWriter) {
    writer.append("{\"at\":")
    writer.append(decimal: chunk.at)
    // Text where it is text, so that a person can read and a tool can compare it.
    if let text = String(validating: chunk.bytes, as: UTF8.self) {
      writer.append(",\"text\":")
      writer.append(jsonString: text)
    } else {
      writer.append(",\"base64\":\"")
      chunk.bytes.withUnsafeBytes { writer.append(base64: $0) }
      writer.append("\"")
    }
    writer.append("}\n")
  }

  private func append(end writer: inout ByteWriter) {
    writer.append("{\"at\":")
    writer.append(decimal: endAt)
    switch end {
    case .complete: writer.append(",\"end\":\"complete\"}\n")
    case .cancelled: writer.append(",\"end\":\"cancelled\"}\n")
    case .cut(let message):
      writer.append(",\"end\":\"cut\",\"message\":")
      writer.append(jsonString: message)
      writer.append("}\n")
    }
  }
}
