import SignalboxLog
import Testing
import Wire

@testable import SignalboxServer

/// A dialect's viewer in a real hub, in memory.
@Suite struct DialectViewerTests {
  /// A connection that is full when it is told to be.
  private final class Pipe: ViewerTransport {
    var frames: [String] = []
    var queuedBytes = 0
    var takenBytes = 0
    var closed: ViewerClose?
    private var decoder = WebSocketDecoder(role: .client, maxMessage: 1 << 20)

    func send(_ bytes: SharedBytes) {
      var copy = Array(bytes.raw)
      copy.withUnsafeMutableBytes { window in
        var at = 0
        while at < window.count {
          if case .text(let payload) = decoder.next(window, from: &at) {
            frames.append(String(decoding: payload, as: UTF8.self))
          }
        }
      }
    }

    func close(_ reason: ViewerClose) { closed = reason }
  }

  private func hub() -> LiveHub {
    LiveHub(
      last: Position(epoch: 7, offset: 0),
      shell: HubShell(now: { 1 }, after: { _, _ in }, read: { _, _ in false }))
  }

  private func commit(_ steps: Range<Int>, to hub: LiveHub, at offset: UInt64) {
    var builder = EventBatchBuilder()
    for step in steps {
      builder.begin()
      builder.string(.type, step % 2 == 0 ? "chain.step" : "chain.other")
      builder.time(Timestamp(nanoseconds: 1))
      builder.received(Timestamp(nanoseconds: 1))
      builder.string(.chain, "c")
      builder.json(.data) { $0.append(utf8: #"{"name":"\#(step)","fraction":0}"#) }
      builder.end()
    }
    hub.commit(CommittedBatch(epoch: 7, firstOffset: offset, batch: builder.finish()))
  }

  private func view(_ hub: LiveHub, _ pipe: Pipe, from offset: UInt64) -> Viewer {
    var request = LiveRequest()
    request.filter.chain = "c"
    request.filter.types = ["chain."]
    return Viewer(request: request, format: .dialect(Dialect(.chain)), transport: pipe)
  }

  @Test func itIsToldThatItCaughtUpBetweenTheOldAndTheNew() {
    let hub = hub()
    commit(0..<4, to: hub, at: 1)
    let pipe = Pipe()
    let viewer = view(hub, pipe, from: 1)
    var caughtUp: (frames: Int, replayed: UInt64, served: UInt64)?
    viewer.caughtUp = { [unowned viewer] in
      caughtUp = (pipe.frames.count, viewer.replayed, hub.served(viewer))
    }
    hub.add(viewer, from: 1)
    #expect(caughtUp?.frames == 2 && caughtUp?.replayed == 2 && caughtUp?.served == 5)
    commit(4..<6, to: hub, at: 5)
    #expect(pipe.frames.count == 3 && pipe.frames[2].contains(#""step_name":"4""#))
    #expect(viewer.caughtUp == nil)
    // Four that matched were seen by nobody: their form has nothing to say of them.
    #expect(hub.metrics.sent == 3 && hub.metrics.range == 6)
  }

  @Test func aPlainReaderGetsPingsAndAReaderOfPositionsHeartbeats() {
    let hub = hub()
    let plain = Pipe()
    let asking = Pipe()
    hub.add(view(hub, plain, from: 1), from: 1)
    let viewer = Viewer(
      request: view(hub, asking, from: 1).request, format: .dialect(Dialect(.chain, .positions)),
      transport: asking)
    hub.add(viewer, from: 1)
    hub.heartbeat()
    #expect(plain.frames == [])
    #expect(asking.frames == [#"{"update_type":"heartbeat","position":"000000000007-0"}"#])
  }

  @Test func aStretchThatIsGoneIsSaid() {
    for (kind, word) in [
      (Dialect.Kind.chain, "\"error\""), (.session, "\"error\""), (.simWorks, "resync_required"),
    ] {
      var out = ByteWriter()
      Dialect(kind).append(gap: (Position(epoch: 7, offset: 3), Position(epoch: 7, offset: 5)), to: &out)
      let pipe = Pipe()
      pipe.send(SharedBytes(taking: out))
      #expect(pipe.frames.count == 1 && pipe.frames[0].contains(word))
    }
  }
}
