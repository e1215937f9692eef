@testable import Wire

/// Frames of an event stream, for tests.
enum FrameWriter {
  enum Header {
    case bool(Bool)
    case int8(Int8)
    case int16(Int16)
    case int32(Int32)
    case int64(Int64)
    case bytes([UInt8])
    case string(String)
    case timestamp(Int64)
    case uuid([UInt8])

    fileprivate var bytes: [UInt8] {
      switch self {
      case .bool(let value): [value ? 0 : 1]
      case .int8(let value): [2] + FrameWriter.bigEndian(value)
      case .int16(let value): [3] + FrameWriter.bigEndian(value)
      case .int32(let value): [4] + FrameWriter.bigEndian(value)
      case .int64(let value): [5] + FrameWriter.bigEndian(value)
      case .bytes(let value): [6] + FrameWriter.bigEndian(UInt16(value.count)) + value
      case .string(let value): [7] + FrameWriter.bigEndian(UInt16(value.utf8.count)) + Array(value.utf8)
      case .timestamp(let value): [8] + FrameWriter.bigEndian(value)
      case .uuid(let value): [9] + value
      }
    }
  }

  static func frame(_ headers: [(String, Header)], _ payload: String) -> [UInt8] {
    frame(
      rawHeaders: headers.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) + $1.bytes }, Array(payload.utf8))
  }

  static func frame(rawHeaders: [UInt8], _ payload: [UInt8]) -> [UInt8] {
    seal(total: 16 + rawHeaders.count + payload.count, headers: rawHeaders.count, rawHeaders + payload)
  }

  /// A frame of any lengths, with checksums that are right.
  static func seal(total: Int, headers: Int, _ rest: [UInt8]) -> [UInt8] {
    var frame = bigEndian(UInt32(total)) + bigEndian(UInt32(headers))
    frame += bigEndian(checksum(frame))
    frame += rest
    return frame + bigEndian(checksum(frame))
  }

  /// Bit by bit, unlike the code under test.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
    }
    return ~crc
  }

  fileprivate static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }
}
