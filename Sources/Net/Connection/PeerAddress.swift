#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where a connection comes from.
package struct PeerAddress: Sendable, CustomStringConvertible {
  private var high: UInt64 = 0
  private var low: UInt64 = 0
  private var isV6 = false
  package private(set) var port: UInt16 = 0

  init(_ storage: sockaddr_storage) {
    withUnsafeBytes(of: storage) { bytes in
      if storage.ss_family == sa_family_t(AF_INET6) {
        let address = bytes.loadUnaligned(as: sockaddr_in6.self)
        isV6 = true
        port = UInt16(bigEndian: address.sin6_port)
        withUnsafeBytes(of: address.sin6_addr) {
          high = $0.loadUnaligned(as: UInt64.self)
          low = $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        }
      } else {
        let address = bytes.loadUnaligned(as: sockaddr_in.self)
        port = UInt16(bigEndian: address.sin_port)
        low = UInt64(address.sin_addr.s_addr)
      }
    }
  }

  /// What stands for whoever is at the other end in a table of limits: an IPv4 address, or the /64 of an IPv6
  /// address, of which one site has as many as it likes.
  package struct Network: Hashable, Sendable {
    private let isV6: Bool
    private let bits: UInt64

    fileprivate init(isV6: Bool, bits: UInt64) {
      self.isV6 = isV6
      self.bits = bits
    }
  }

  package var network: Network {
    // IPv4 in IPv6's clothes (::ffff:a.b.c.d) has nothing in its first half.
    isV6 && high != 0 ? Network(isV6: true, bits: high) : Network(isV6: false, bits: isV6 ? low : low << 32)
  }

  /// The address without the port.
  package var host: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    if isV6 {
      var address = (high, low)
      inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
    } else {
      var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low))
      inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
    }
    return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  /// `127.0.0.1:1234` or `[::1]:1234`.
  package var description: String { isV6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
