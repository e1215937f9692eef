/// Writing Amazon's binary event stream.
extension ByteWriter {
  /// Writes one frame whose headers are all strings: names of 1 … 255 bytes, values of up to 65 535.
  package mutating func append(
    eventStream payload: UnsafeRawBufferPointer, headers: [(name: String, value: String)]
  ) {
    let start = count
    let length = headers.reduce(0) { $0 + 4 + $1.name.utf8.count + $1.value.utf8.count }
    append(bigEndian: UInt32(16 + length + payload.count))
    append(bigEndian: UInt32(length))
    append(bigEndian: checksum(from: start))
    for (name, value) in headers {
      append(UInt8(name.utf8.count))
      append(utf8: name)
      append(7)
      append(bigEndian: UInt16(value.utf8.count))
      append(utf8: value)
    }
    append(payload)
    append(bigEndian: checksum(from: start))
  }

  private func checksum(from start: Int) -> UInt32 {
    CRC32.checksum(UnsafeRawBufferPointer(rebasing: raw[start...]))
  }

  private mutating func append(bigEndian number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.bigEndian) { append($0) }
  }
}
