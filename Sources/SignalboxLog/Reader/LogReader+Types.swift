internal import Synchronization
internal import Wire

/// Which types of events there are.
extension LogReader {
  /// The names of the types that the log has seen, those of events that retention has taken among them; at most about
  /// so many.
  package func types(limit: Int = 10_000) throws(LogError) -> Set<String> {
    var names: Set<String> = []
    var sealed: UInt64 = 0
    do {
      try database.read { () throws(SQLiteError) in
        let known = try database.prepare("SELECT name FROM type ORDER BY name LIMIT ?1")
        known.bind(1, Int64(limit))
        while try known.step() {
          if let name = known.text(0) { names.insert(name) }
        }
        sealed = try finder.sealedEnd() ?? 0
      }
    } catch {
      throw unreadable(error)
    }
    // What is not sealed is not listed yet.
    var next = max(sealed, core.firstRetained.load(ordering: .acquiring), 1)
    let end = core.tip.load(ordering: .acquiring)
    while next < end, names.count < limit {
      let page = try events(after: next - 1, upTo: end, limit: 4096, bytes: 8 << 20)
      let bytes = page.batch.bytes.raw
      for slot in page.batch.slots {
        names.insert(String(decoding: bytes.field(.type, of: slot), as: UTF8.self))
      }
      guard page.scannedTo >= next else { break }
      next = page.scannedTo + 1
    }
    return names
  }
}
