import Wire

/// A frame of Amazon's event stream as Bedrock sends it: three headers that are strings, and a payload of JSON.
package func eventStreamFrame(
  _ name: String, _ payload: String, kind: String = "event"
) -> [UInt8] {
  eventStreamFrame(
    headers: [(":\(kind)-type", name), (":content-type", "application/json"), (":message-type", kind)],
    Array(payload.utf8))
}

/// A frame with headers that are strings.
package func eventStreamFrame(headers: [(name: String, value: String)], _ payload: [UInt8]) -> [UInt8] {
  var head: [UInt8] = []
  for (name, value) in headers {
    head += [UInt8(name.utf8.count)] + Array(name.utf8) + [7] + bigEndian(UInt16(value.utf8.count))
    head += Array(value.utf8)
  }
  var frame = bigEndian(UInt32(16 + head.count + payload.count)) + bigEndian(UInt32(head.count))
  frame += bigEndian(frame.withUnsafeBytes { CRC32.checksum($0) })
  frame += head + payload
  return frame + bigEndian(frame.withUnsafeBytes { CRC32.checksum($0) })
}

private func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.bigEndian) { Array($0) }
}
