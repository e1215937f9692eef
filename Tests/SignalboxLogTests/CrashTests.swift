import Foundation
import Synchronization
import Testing
import Wire

@testable import SignalboxLog

@Suite struct CrashTests {
  /// How often the writer is killed; SIGNALBOX_CRASH_ROUNDS asks for more.
  private static let rounds =
    ProcessInfo.processInfo.environment["SIGNALBOX_CRASH_ROUNDS"].flatMap(Int.init) ?? 10

  @Test(.timeLimit(.minutes(5))) func everyAcknowledgedEventSurvivesKill9() async throws {
    let folder = TemporaryFolder()
    var random = TestRandom(seed: 5)
    var acknowledged = 0
    for round in 0..<Self.rounds {
      acknowledged = max(acknowledged, try killedWriter(folder.path, afterLines: 3 + random.below(400)))
      var options = folder.options
      options.segmentEvents = 256
      let log = try EventLog.open(options)
      let tip = Int(log.tip)
      #expect(tip > acknowledged, "round \(round)")
      // Number and offset are the same, so order, presence and singleness show at once.
      let reader = try log.makeReader()
      var next = 1
      while next < tip {
        let page = try reader.events(after: UInt64(next - 1), limit: 10_000)
        #expect(page.gaps.isEmpty && page.offsets.first == UInt64(next))
        for slot in page.batch.slots {
          #expect(page.batch.string(.id, of: slot) == "n-\(next)")
          next += 1
        }
        if page.count == 0 { break }
      }
      #expect(next == tip)
      // What was stored is known again: nothing of it is stored twice.
      let again = (max(1, tip - 40)..<tip).map { number in
        TestEvent(phase: .delta, span: Self.span(number % 16), index: Int64(number / 16))
      }
      #expect(await log.store(again)?.duplicates == again.count)
      log.close()
    }
    #expect(acknowledged > 0)
  }

  /// Runs the writer, kills it after that many acknowledgements, and answers the last number it acknowledged.
  private func killedWriter(_ folder: String, afterLines lines: Int) throws -> Int {
    let process = Process()
    let built = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    process.executableURL = built.appendingPathComponent("LogBench")
    process.arguments = ["write", folder]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    var text = ""
    while text.utf8.count(where: { $0 == 10 }) < lines {
      let data = pipe.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      text += String(decoding: data, as: UTF8.self)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    // What it had written by then was acknowledged too.
    text += String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let whole = text.prefix(upTo: text.lastIndex(of: "\n") ?? text.startIndex)
    return whole.split(separator: "\n").compactMap { line in
      line.hasPrefix("stored ") ? Int(line.dropFirst(7)) : nil
    }.max() ?? 0
  }

  /// The ids of the writer's spans (LogBench's `Workload.id`).
  private static func span(_ number: Int) -> String {
    var state = UInt64(number) &+ 0x9E37_79B9_7F4A_7C15
    state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
    return String(format: "%016lx", state ^ (state >> 31))
  }
}
