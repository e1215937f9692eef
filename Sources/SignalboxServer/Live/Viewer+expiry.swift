internal import Net
internal import Wire

extension Viewer {
  /// A right that ends takes the connection with it. To be called after the viewer was added to its hub.
  func end(at expires: Timestamp?, on loop: EventLoop, _ hub: LiveHub) {
    guard let expires else { return }
    let left = max(0, expires.nanoseconds - Timestamp.now().nanoseconds)
    let timer = loop.timer(after: UInt64(left / 1_000_000 + 1)) { [weak self, hub] in
      if let self { hub.close(self, .expired) }
    }
    atEnd = { timer.cancel() }
  }
}
