#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Reads a whole file that somebody configured: prices, ranks of a tokenizer, keys.
package enum SmallFile {
  /// Nil when it cannot be read or is larger than `limit`. Blocks.
  package static func read(_ path: String, limit: Int) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while true {
      let wanted = min(64 << 10, limit + 1 - bytes.count)
      let piece = [UInt8](unsafeUninitializedCapacity: wanted) { room, count in
        count = fread(room.baseAddress, 1, wanted, file)
      }
      bytes += piece
      if piece.count < wanted { return ferror(file) == 0 ? bytes : nil }
      if bytes.count > limit { return nil }
    }
  }
}
