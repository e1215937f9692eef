import Signalbox
import SignalboxLLM

/// Recordings, and how often each was played.
final class CassetteShelf: Sendable {
  private let cassettes: [Cassette]
  private let speed: Double
  private let played: Locked<[Int]>

  init(_ cassettes: [Cassette], speed: Double) {
    self.cassettes = cassettes
    self.speed = speed
    played = Locked(cassettes.map { _ in 0 })
  }

  /// The recording that fits best; nil when there is none at all.
  func reply(to request: ReceivedRequest) -> ScriptedReply? {
    let hash = request.body.withUnsafeBytes { Cassette.hash($0) }
    let path = request.path.prefix { $0 != "?" }
    let place = played.withLock { played -> Int? in
      let best = cassettes.indices.min { first, second in
        let ranks = [first, second].map { rank(cassettes[$0].request, request, path: path, hash: hash) }
        return (ranks[0], played[first], first) < (ranks[1], played[second], second)
      }
      if let best { played[best] += 1 }
      return best
    }
    return place.map { .cassette(cassettes[$0], speed: speed) }
  }

  /// 0 fits best.
  private func rank(
    _ recorded: Cassette.Request, _ request: ReceivedRequest, path: Substring, hash: String
  ) -> Int {
    // A client in front of a gateway, or with another base URL, asks for the same path with another beginning.
    let own = recorded.path.prefix { $0 != "?" }
    guard own == path || own.hasSuffix(path) || path.hasSuffix(own) else { return 3 }
    if recorded.bodyHash == hash { return 0 }
    return recorded.model == request.model ? 1 : 2
  }
}
