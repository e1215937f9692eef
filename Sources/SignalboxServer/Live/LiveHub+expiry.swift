internal import Net
internal import Wire

extension LiveHub {
  /// A right that ends takes the connection with it: the viewer is closed at that moment.
  func end(_ viewer: Viewer, at expires: Timestamp?, on loop: EventLoop) {
    guard let expires else { return }
    let left = max(0, expires.nanoseconds - Timestamp.now().nanoseconds)
    let timer = loop.timer(after: UInt64(left / 1_000_000 + 1)) { [weak self, weak viewer] in
      if let self, let viewer { close(viewer, .expired) }
    }
    viewer.atEnd = { timer.cancel() }
  }
}

extension HTTPExchange {
  /// Upgrades with the protocol that a browser offers beside its token.
  func accept(_ handler: any WebSocketHandler, maxMessage: Int) -> WebSocketConnection? {
    upgrade(handler, protocol: Credential.accepted(head), maxMessage: maxMessage)
  }
}
