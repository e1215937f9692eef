#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `host:port`, and whether it can be listened on.
enum Endpoint {
  /// Host and port of `127.0.0.1:7446`, `localhost:0` or `[::1]:7446`; nil when it is none of these.
  static func split(_ text: String) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return host.isEmpty ? nil : (host, port)
  }

  /// A socket that tried to bind there, and the error that it met, 0 for none; nil when the host is unknown.
  /// The caller closes it.
  static func bound(host: String, port: Int) -> (socket: Int32, error: Int32)? {
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else { return nil }
    defer { freeaddrinfo(found) }
    let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
    guard descriptor >= 0 else { return nil }
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    let failed = bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) != 0
    let error = failed ? errno : (listen(descriptor, 1) == 0 ? 0 : errno)
    return (descriptor, error)
  }
}
