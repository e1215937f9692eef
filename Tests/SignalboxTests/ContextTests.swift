import Testing

@testable import Signalbox

@Suite struct ContextTests {
  @Test func isSetForWhatRunsInside() async {
    #expect(Context.current.session == nil)
    await Context.with {
      $0.session = "s1"
    } run: {
      #expect(Context.current.session == "s1")
      await Context.with {
        $0.tags["user"] = "u1"
      } run: {
        #expect(Context.current.session == "s1" && Context.current.tags == ["user": "u1"])
        async let child = Context.current.session
        #expect(await child == "s1")
      }
      #expect(Context.current.tags.isEmpty)
    }
    #expect(Context.current.session == nil)
  }

  @Test func isCarriedOverByHand() async {
    var context = Context()
    context.request = "r1"
    let carried = await Task.detached { [context] in
      await Context.with(context) { Context.current.request }
    }.value
    #expect(carried == "r1")
  }

  @Test func copiesAreIndependent() {
    var first = Context()
    first.session = "a"
    var second = first
    second.session = "b"
    #expect(first.session == "a" && second.session == "b" && Context().session == nil)
  }

  @Test func errorsKeepTheirType() async {
    do throws(EventError) {
      try await Context.with {
        $0.session = "s"
      } run: { () async throws(EventError) in
        throw EventError(field: "x", message: "y")
      }
    } catch {
      #expect(error.field == "x")
    }
  }

  @Test func traceparentGoesOutAndIn() {
    var context = Context()
    #expect(context.traceparent == nil)
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    let joined = context.join(traceparent: header)
    #expect(joined)
    #expect(context.traceparent == header)
    for wrong in [
      "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", "ff" + header.dropFirst(2),
      header + "-x",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01", header.uppercased(),
    ] {
      var other = Context()
      let joined = other.join(traceparent: wrong)
      #expect(!joined && other.traceparent == nil, "\(wrong)")
    }
    // A later version may say more.
    var later = Context()
    let joinedLater = later.join(traceparent: "01" + header.dropFirst(2) + "-more")
    #expect(joinedLater)
  }
}
