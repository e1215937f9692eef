package import Wire

/// What to do with a request's body.
package enum BodyPlan: Sendable {
  /// Gather the whole body, then call `serve`; a longer one is answered 413.
  case collect(limit: Int)
  /// The service answers, or has answered, without the body: `serve` is not called.
  case answered
}

/// What a server does with requests; one instance per loop, called on that loop only.
package protocol HTTPService: AnyObject {
  /// A request's head arrived.
  func plan(_ exchange: HTTPExchange) -> BodyPlan
  /// The whole body is there, or there is none.
  ///
  /// `body` is valid during the call and has 64 readable bytes behind it.
  func serve(_ exchange: HTTPExchange, body: UnsafeRawBufferPointer)
  /// The server stops soon: end the streams that would go on.
  func drain()
}

extension HTTPService {
  package func drain() {}
}

/// Limits of a server's connections.
package struct HTTPServerLimits: Sendable {
  package var http = HTTPLimits()
  /// Connections at once; more are answered 503.
  package var connections = 16_384
  /// Seconds for a request's head to arrive.
  package var headSeconds: UInt64 = 10
  /// Seconds within which `bodyProgress` must come of a body that is awaited, or its end.
  package var bodySeconds: UInt64 = 30
  /// Bytes of a body that are worth another `bodySeconds`: a peer that sends a byte now and then keeps nobody busy.
  package var bodyProgress = 4096
  /// Seconds a connection may wait for its next request.
  package var idleSeconds: UInt64 = 75
  /// Seconds in which a peer must take some of a finished answer.
  package var stallSeconds: UInt64 = 60
  /// Seconds for which the peer of a socket, or of a stream that has no end, may acknowledge nothing: it is gone then,
  /// although it never said so.
  package var silenceSeconds: UInt64 = 60

  package init() {}
}
