/// The checksum of zlib, PNG and Amazon's event streams (CRC-32/ISO-HDLC), eight bytes at a time.
enum CRC32 {
  /// Eight tables of 256: table n holds what a byte does to the checksum with n bytes behind it.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
      tables[byte] = value
    }
    for at in 256..<8 * 256 {
      let shorter = tables[at - 256]
      tables[at] = shorter >> 8 ^ tables[Int(shorter & 0xFF)]
    }
    return tables
  }()

  /// The checksum of what `checksum` is the checksum of, and then of `bytes`.
  static func checksum(_ bytes: UnsafeRawBufferPointer, after checksum: UInt32 = 0) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      func look(_ table: Int, _ value: UInt64, _ byte: UInt64) -> UInt32 {
        tables[table * 256 + Int(truncatingIfNeeded: value >> (byte * 8) & 0xFF)]
      }
      var crc = ~checksum
      var at = 0
      while at + 8 <= bytes.count {
        let word =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ UInt64(crc)
        let low = look(7, word, 0) ^ look(6, word, 1) ^ look(5, word, 2) ^ look(4, word, 3)
        let high = look(3, word, 4) ^ look(2, word, 5) ^ look(1, word, 6) ^ look(0, word, 7)
        crc = low ^ high
        at += 8
      }
      while at < bytes.count {
        crc = crc >> 8 ^ look(0, UInt64(crc ^ UInt32(bytes[at])), 0)
        at += 1
      }
      return ~crc
    }
  }
}
