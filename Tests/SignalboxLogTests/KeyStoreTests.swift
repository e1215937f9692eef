import Foundation
import Testing
import Wire

@testable import SignalboxLog

/// Keys lie beside the log and outlive it.
@Suite struct KeyStoreTests {
  private func record(_ id: String, created: Int64, hash: UInt8) -> KeyRecord {
    KeyRecord(
      id: id, name: "name of \(id)", hash: [UInt8](repeating: hash, count: 32), scope: 5,
      created: Timestamp(nanoseconds: created))
  }

  @Test func keysAreKeptListedAndRemoved() throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    let keys = try KeyStore(directory: folder.path)
    #expect(try keys.all().isEmpty)
    try keys.add(record("later", created: 2, hash: 1))
    try keys.add(record("first", created: 1, hash: 2))
    #expect(throws: LogError.self, "the same hash twice") {
      try keys.add(record("third", created: 3, hash: 1))
    }
    let again = try KeyStore(directory: folder.path)
    let all = try again.all()
    #expect(all.map(\.id) == ["first", "later"] && all.map(\.scope) == [5, 5])
    #expect(all[0].name == "name of first" && all[0].hash == [UInt8](repeating: 2, count: 32))
    #expect(all[0].created == Timestamp(nanoseconds: 1))
    #expect(try again.remove(id: "first"))
    #expect(try !again.remove(id: "first"))
    #expect(try keys.all().map(\.id) == ["later"])
  }

  @Test func aFolderThatIsNotThereIsSaid() {
    let path = TemporaryFolder().path
    #expect {
      try KeyStore(directory: path)
    } throws: {
      ($0 as? LogError)?.message.contains(path) == true
    }
  }
}
