import Foundation
import Synchronization
import Testing
import Wire

@testable import SignalboxLog

/// A log starts whatever lies in its folder, and says what it set aside.
@Suite struct DamageTests {
  private let notices = Notices()

  private final class Notices: Sendable {
    private let all = Mutex<[LogNotice]>([])
    func add(_ notice: LogNotice) { all.withLock { $0.append(notice) } }
    func of(_ kind: LogNotice.Kind) -> [LogNotice] { all.withLock { $0.filter { $0.kind == kind } } }
  }

  private func options(_ folder: TemporaryFolder) -> LogOptions {
    var options = folder.options
    options.segmentEvents = 64
    options.notice = { [notices] in notices.add($0) }
    return options
  }

  /// A log with sealed segments and a tail; its last offset.
  private func fill(_ options: LogOptions) async throws -> UInt64 {
    let log = try EventLog.open(options)
    for span in 0..<20 { await log.store(stream(span, trace: span / 2, session: "s", deltas: 30)) }
    log.runUpkeep()
    #expect(log.metrics.sealedSegments > 3)
    log.close()
    return log.tip - 1
  }

  private func expectSetAside(_ folder: TemporaryFolder, _ options: LogOptions) async throws {
    let log = try EventLog.open(options)
    #expect(log.tip == 1 && notices.of(.setAside).count == 1)
    #expect(await log.store([TestEvent()])?.stored == 1)
    log.close()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.contains { $0.hasPrefix("signalbox.db.damaged-") })
  }

  @Test func whatIsGoneIsSaidOnce() async throws {
    let folder = TemporaryFolder()
    let options = options(folder)
    _ = try await fill(options)
    let written = try EventLog.open(options)
    #expect(notices.of(.shortened).isEmpty)
    for number in 0..<3 { await written.store(stream(100 + number, deltas: 1)) }
    written.close()
    let last = written.tip - 1
    // As after a write-ahead log without its end.
    let database = try Database(path: folder.path + "/signalbox.db")
    let rest = try #require(try database.integer("SELECT max(first_offset) FROM tail"))
    try database.execute("DELETE FROM tail WHERE first_offset = \(rest)")
    let log = try EventLog.open(options)
    #expect(log.tip == UInt64(rest))
    let message = try #require(notices.of(.shortened).first?.message)
    #expect(
      message.contains("the last \(last - UInt64(rest) + 1) events of")
        && message.contains("(\(rest) to \(last))"))
    log.close()
    try EventLog.open(options).close()
    #expect(notices.of(.shortened).count == 1)
  }

  @Test func garbageIsSetAside() async throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    try Data((0..<9000).map { _ in UInt8.random(in: 0...255) }).write(
      to: URL(fileURLWithPath: folder.path + "/signalbox.db"))
    try await expectSetAside(folder, options(folder))
  }

  @Test(arguments: ["PRAGMA application_id = 7", "PRAGMA application_id = 0", "PRAGMA user_version = 999"])
  func databasesOfOthersAreSetAside(change: String) async throws {
    let folder = TemporaryFolder()
    let options = options(folder)
    _ = try await fill(options)
    try Database(path: folder.path + "/signalbox.db").execute(change)
    try await expectSetAside(folder, options)
  }

  @Test func aTableThatIsGoneIsDamage() async throws {
    let folder = TemporaryFolder()
    let options = options(folder)
    _ = try await fill(options)
    try Database(path: folder.path + "/signalbox.db").execute("DROP TABLE segment")
    try await expectSetAside(folder, options)
  }

  @Test(arguments: [0, 1, 50, 4096, 5000, 40_000, 100_000]) func aCutFileStarts(length: Int) async throws {
    let folder = TemporaryFolder()
    let options = options(folder)
    _ = try await fill(options)
    truncate(folder.path + "/signalbox.db", length)
    let log = try EventLog.open(options)
    _ = try? log.readAll()
    await log.store([TestEvent()])
    log.close()
    let again = try EventLog.open(options)
    #expect(await again.store([TestEvent()])?.stored == 1)
    again.close()
  }

  @Test(arguments: 0..<12) func flippedBitsNeverStopTheStart(seed: UInt64) async throws {
    let folder = TemporaryFolder()
    let options = options(folder)
    _ = try await fill(options)
    let path = URL(fileURLWithPath: folder.path + "/signalbox.db")
    var random = TestRandom(seed: seed)
    var bytes = try Data(contentsOf: path)
    for _ in 0..<(1 << Int(seed)) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
    try bytes.write(to: path)
    let log = try EventLog.open(options)
    if let reader = try? log.makeReader() {
      _ = try? reader.events(after: 0, limit: 10_000)
      for trace in 0..<10 { _ = try? reader.traceEvents(traceID(trace)) }
      _ = try? reader.lastEvents(session: "s", limit: 50)
      _ = try? reader.traces()
    }
    await log.store([TestEvent()])
    log.close()
    try EventLog.open(options).close()
  }

  @Test func aDamagedSegmentIsAGap() async throws {
    let folder = TemporaryFolder()
    let options = options(folder)
    let last = try await fill(options)
    let database = try Database(path: folder.path + "/signalbox.db")
    let start = try #require(
      try database.integer("SELECT first_offset FROM segment ORDER BY first_offset LIMIT 1 OFFSET 1"))
    let count = try #require(try database.integer("SELECT count FROM segment WHERE first_offset = \(start)"))
    try database.execute("UPDATE segment SET bytes = zeroblob(length(bytes)) WHERE first_offset = \(start)")
    let log = try EventLog.open(options)
    let page = try log.makeReader().events(after: 0, limit: 10_000)
    let gap = UInt64(start)..<UInt64(start + count)
    #expect(page.gaps == [.init(offsets: gap, reason: .damaged)])
    #expect(page.offsets == (1...last).filter { !gap.contains($0) })
    #expect(notices.of(.damagedSegment).count == 1 && log.metrics.damagedSegments == 1)
    // Backwards the same stretch is missing, and said.
    let backwards = try log.makeReader().lastEvents(filter: EventFilter(), limit: 10_000)
    #expect(backwards.gaps == page.gaps && backwards.offsets == page.offsets)
    log.close()
  }

  @Test func aDamagedCommitIsAGap() async throws {
    let folder = TemporaryFolder()
    var options = options(folder)
    options.segmentEvents = 4096
    var log = try EventLog.open(options)
    for i in 0..<5 { await log.store([TestEvent(type: "t\(i)"), TestEvent(type: "u\(i)")]) }
    log.close()
    try Database(path: folder.path + "/signalbox.db").execute(
      "UPDATE tail SET bytes = zeroblob(length(bytes)) WHERE first_offset = 5")
    log = try EventLog.open(options)
    let page = try log.makeReader().events(after: 0)
    #expect(page.offsets == [1, 2, 3, 4, 7, 8, 9, 10])
    #expect(page.gaps == [.init(offsets: 5..<7, reason: .damaged)])
    let backwards = try log.makeReader().lastEvents(filter: EventFilter(), limit: 100)
    #expect(backwards.gaps == page.gaps && backwards.offsets == page.offsets)
    #expect(await log.store([TestEvent()])?.position.offset == 11)
    log.close()
  }

  /// Damage that is met in the middle: what is stored so far stays readable where it can be, nothing more is taken, and
  /// the next opening sets the file aside.
  @Test func damageThatIsMetLaterIsSaidAndSetAside() async throws {
    let folder = TemporaryFolder()
    let options = options(folder)
    let log = try EventLog.open(options)
    await log.store([TestEvent()])
    // SQLITE_CORRUPT
    let corrupt: Int32 = 11
    log.core.becomeUnavailable(SQLiteError(code: corrupt, handle: nil))
    guard case .unavailable(_, let message) = log.submit(makeBatch([TestEvent()]), completion: { _ in })
    else {
      Issue.record("it was taken")
      return
    }
    #expect(message.contains("damaged") && message.contains("restart the server"))
    #expect(notices.of(.damaged).count == 1)
    log.close()
    try await expectSetAside(folder, options)
    #expect(notices.of(.setAside).first?.message.contains("was found damaged while it was in use") == true)
  }

  @Test func aFolderThatCannotBeOneIsRefused() throws {
    let folder = TemporaryFolder()
    _ = FileManager.default.createFile(atPath: folder.path, contents: Data("a file".utf8))
    #expect {
      try EventLog.open(folder.options)
    } throws: {
      let error = $0 as? LogError
      return error?.code == .folder && error?.message.contains(folder.path) == true
    }
  }

  @Test func twoProcessesCannotShareAFolder() throws {
    let folder = TemporaryFolder()
    let log = try EventLog.open(folder.options)
    #expect { try EventLog.open(folder.options) } throws: { ($0 as? LogError)?.code == .inUse }
    log.close()
    try EventLog.open(folder.options).close()
  }
}
