internal import JSONScan
internal import Net
internal import SignalboxLog
internal import Wire

/// `GET /v1/types`: what types of events there are, and what they mean.
///
/// Applications declare theirs by events `signalbox.types`; the log is where they are kept, so a declaration is known
/// as long as its event is.
final class TypesEndpoint {
  /// Announcements that are looked at, from the newest on.
  private static let announcements = 500

  private let readers: ReaderPool

  init(readers: ReaderPool) { self.readers = readers }

  func serve(_ exchange: HTTPExchange) {
    let loop = exchange.loop
    let accepted = readers.submit { reader in
      let answer = Result { () throws(LogError) in try Self.list(reader) }
      loop.execute {
        switch answer {
        case .success(let body):
          exchange.respond(200, headers: [("Content-Type", "application/json")], body: body)
        case .failure(let error): exchange.respond(.unreadable(error))
        }
      }
    }
    if !accepted { exchange.respond(.busy) }
  }

  private static func list(_ reader: LogReader) throws(LogError) -> SharedBytes {
    var list = TypeList(seen: try reader.types())
    var filter = EventFilter()
    filter.types = ["signalbox.types"]
    let page = try reader.lastEvents(filter: filter, limit: announcements)
    let parser = JSONParser()
    for slot in page.batch.slots.reversed() {
      // What is stored is JSON; damage was left out by the reader.
      guard let event = try? parser.scan(copying: page.batch.event(slot)).root else { continue }
      list.take(event)
    }
    withExtendedLifetime(parser) {}
    var json = ByteWriter(capacity: 4096)
    list.write(to: &json)
    return SharedBytes(taking: json)
  }
}
