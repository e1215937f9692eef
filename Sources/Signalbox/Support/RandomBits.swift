#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Random numbers of the system for ids, fetched 32 at a time: a system call for each costs more than an event.
enum RandomBits {
  private struct Pool {
    private var numbers = [UInt64](repeating: 0, count: 32)
    private var left = 0

    mutating func next() -> UInt64 {
      if left == 0 { refill() }
      left -= 1
      return numbers[left]
    }

    private mutating func refill() {
      numbers.withUnsafeMutableBytes { bytes in
        #if canImport(Glibc)
          // Up to 256 bytes come whole, once the system has been seeded (getentropy(3)).
          while getentropy(bytes.baseAddress, bytes.count) != 0 {}
        #else
          arc4random_buf(bytes.baseAddress, bytes.count)
        #endif
      }
      left = numbers.count
    }
  }

  private static let pool = Locked(Pool())

  static func next() -> UInt64 { pool.withLock { $0.next() } }

  /// Not zero.
  static func nextPositive() -> UInt64 {
    while true {
      let number = next()
      if number != 0 { return number }
    }
  }
}
