package import Signalbox

extension FetchBody {
  /// Reads the rest and throws it away, so that the connection can serve another request; cancels the transfer when
  /// that takes longer than `limit`.
  package func drain(within limit: Duration, clock: any EventClock) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do { for try await _ in self {} } catch {
          // The connection is of no use any more, which is no loss.
        }
      }
      group.addTask { try? await clock.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }
}
