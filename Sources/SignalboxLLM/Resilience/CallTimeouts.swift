package import Fetch

/// How long each stage of one attempt may take; nil means without limit.
public struct CallTimeouts: Sendable, Hashable {
  /// Name lookup, TCP and TLS together. Default 30 s.
  public var connect: Duration?
  /// From the request to the reply's first byte. Default 300 s: models think.
  public var firstByte: Duration?
  /// Between two pieces of the reply. Default 300 s.
  public var idle: Duration?

  public init(
    connect: Duration? = .seconds(30), firstByte: Duration? = .seconds(300), idle: Duration? = .seconds(300)
  ) {
    self.connect = connect
    self.firstByte = firstByte
    self.idle = idle
  }
}

extension FetchTimeouts {
  /// The timeouts of an attempt for which so much time remains.
  package init(_ timeouts: CallTimeouts, remaining: Duration?) {
    self.init(
      connect: timeouts.connect, firstByte: timeouts.firstByte, idle: timeouts.idle, total: remaining)
  }
}
