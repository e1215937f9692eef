internal import COpenSSL
package import SignalboxLog
internal import Wire

/// The keys of a server: kept hashed in a file beside the log, looked up in memory.
package final class KeyRing: Sendable {
  private struct Known {
    var keys: [[UInt8]: (id: String, scope: Scope)] = [:]
    var ids: Set<String> = []
    /// What the file looked like when it was read.
    var stamp = FileStamp()
  }

  private let path: String
  private let store: KeyStore
  private let known: Guarded<Known>

  package init(directory: String) throws(LogError) {
    path = directory + "/keys.db"
    store = try KeyStore(directory: directory)
    known = Guarded(Known())
    reload()
  }

  /// Whether there is no key that allows everything yet.
  package var lacksAdmin: Bool { !known.with { $0.keys.values.contains { $0.scope.contains(.admin) } } }

  /// The id of a key and what it allows; nil when it is not known. `signalbox keys --data` may change the file meanwhile: a look
  /// at its dates, about a microsecond, tells.
  ///
  /// The table is looked up by hash: how long that takes tells nothing about a key.
  package func known(_ key: String) -> (id: String, scope: Scope)? {
    let hash = Self.hash(key)
    reloadIfChanged()
    return known.with { $0.keys[hash] }
  }

  /// Whether there is a key of that id.
  package func has(id: String) -> Bool {
    reloadIfChanged()
    return known.with { $0.ids.contains(id) }
  }

  private func reloadIfChanged() {
    let stamp = FileStamp(of: path)
    if known.with({ $0.stamp != stamp }) { reload() }
  }

  /// Makes a key. It is returned this once; only its hash is kept.
  package func add(name: String, scope: Scope) throws(LogError) -> (id: String, key: String) {
    let id = Self.random(bytes: 6)
    let key = "sbk_" + Self.random(bytes: 24)
    try store.add(
      KeyRecord(id: id, name: name, hash: Self.hash(key), scope: scope.rawValue, created: Timestamp.now()))
    reload()
    return (id, key)
  }

  package func list() -> [KeyRecord] { (try? store.all()) ?? [] }

  /// Revokes a key; false when there is none of that id.
  package func revoke(id: String) throws(LogError) -> Bool {
    let removed = try store.remove(id: id)
    reload()
    return removed
  }

  private func reload() {
    // The dates come first: a change during the reading is seen the next time.
    let stamp = FileStamp(of: path)
    let records = list()
    known.with { known in
      known.keys = Dictionary(
        records.map { ($0.hash, ($0.id, Scope(rawValue: $0.scope))) }, uniquingKeysWith: { first, _ in first }
      )
      known.ids = Set(records.map(\.id))
      known.stamp = stamp
    }
  }

  /// SHA-256: a key has 192 random bits, so no slow hash is needed.
  private static func hash(_ key: String) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    let bytes = Array(key.utf8)
    EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
    return digest
  }

  private static func random(bytes count: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    precondition(RAND_bytes(&bytes, Int32(count)) == 1, "the system has no random numbers")
    var writer = ByteWriter(capacity: count * 2)
    for byte in bytes { writer.append(hex: UInt64(byte), digits: 2) }
    return writer.string
  }
}
