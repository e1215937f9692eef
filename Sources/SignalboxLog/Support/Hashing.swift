/// A fast 64-bit hash whose values are the same on every machine and run: for checksums and membership keys,
/// where a collision costs a look, not an event. Not for input that somebody chooses to make collide.
///
/// Words of 8 bytes are folded with a 64 × 64 → 128 bit multiplication, as wyhash does.
func stableHash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
  var hash = fold(seed ^ 0x9E37_79B9_7F4A_7C15, UInt64(bytes.count) ^ 0xA076_1D64_78BD_642F)
  var at = 0
  while at + 8 <= bytes.count {
    let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    hash = fold(hash ^ word, 0xE703_7ED1_A0B4_28DB)
    at += 8
  }
  if at < bytes.count { hash = fold(hash ^ bytes.tail(from: at), 0x8EBC_6AF0_9C88_C6E3) }
  return fold(hash ^ 0x5899_65CC_7537_4CC3, 0x1D8E_4E27_C47D_124F)
}

private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.high ^ product.low
}

extension UnsafeRawBufferPointer {
  /// The last bytes, fewer than 8, as a little-endian word.
  fileprivate func tail(from start: Int) -> UInt64 {
    var word: UInt64 = 0
    for i in start..<count { word |= UInt64(self[i]) << UInt64((i - start) * 8) }
    return word
  }
}

/// SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash that nobody without the key can make collide. The
/// window of event ids keeps these instead of the ids.
struct SipHash: Sendable {
  let key: (UInt64, UInt64)

  func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var v0 = key.0 ^ 0x736f_6d65_7073_6575
    var v1 = key.1 ^ 0x646f_7261_6e64_6f6d
    var v2 = key.0 ^ 0x6c79_6765_6e65_7261
    var v3 = key.1 ^ 0x7465_6462_7974_6573

    func round() {
      v0 &+= v1
      v2 &+= v3
      v1 = (v1 << 13 | v1 >> 51) ^ v0
      v3 = (v3 << 16 | v3 >> 48) ^ v2
      v0 = v0 << 32 | v0 >> 32
      v2 &+= v1
      v0 &+= v3
      v1 = (v1 << 17 | v1 >> 47) ^ v2
      v3 = (v3 << 21 | v3 >> 43) ^ v0
      v2 = v2 << 32 | v2 >> 32
    }

    var at = 0
    while at + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      v3 ^= word
      round()
      round()
      v0 ^= word
      at += 8
    }
    let last = bytes.tail(from: at) | UInt64(truncatingIfNeeded: bytes.count) << 56
    v3 ^= last
    round()
    round()
    v0 ^= last
    v2 ^= 0xFF
    for _ in 0..<4 { round() }
    return v0 ^ v1 ^ v2 ^ v3
  }
}
