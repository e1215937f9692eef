import Foundation
import Testing

@testable import Signalbox

@Suite struct ExporterTests {
  private func batch(_ events: [Event], from sequence: Int64 = 0) -> ExportBatch {
    ExportBatch(events: events, producer: "p1", firstSequence: sequence)
  }

  private func event(_ text: String, _ size: Int = 0) -> Event {
    Event(
      "x", .string(text + String(repeating: ".", count: size)), id: EventID("1"), time: 0, context: Context())
  }

  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "signalbox-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }

  @Test func writesALineAnEvent() async throws {
    try await withFolder { folder in
      let path = folder.appending(path: "events.jsonl").path
      let exporter = JSONLinesExporter(path: path)
      _ = try await exporter.write(batch([event("a"), event("b")]))
      _ = try await exporter.write(batch([event("c")], from: 2))
      await exporter.close()
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let line = #"{"id":"1","type":"x","time":"1970-01-01T00:00:00.000000Z","producer":"p1","seq":"#
      #expect(
        text == #"\#(line)0,"data":"a"}"# + "\n" + #"\#(line)1,"data":"b"}"# + "\n"
          + #"\#(line)2,"data":"c"}"# + "\n")
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
  }

  @Test func rotatesBySize() async throws {
    try await withFolder { folder in
      let path = folder.appending(path: "events.jsonl").path
      let exporter = JSONLinesExporter(path: path, rotateBytes: 1000, keep: 2)
      for n in 0..<10 { _ = try await exporter.write(batch([event("\(n)", 600)])) }
      await exporter.close()
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(files == ["events.jsonl", "events.jsonl.1", "events.jsonl.2"])
      #expect(try String(contentsOfFile: path + ".2", encoding: .utf8).contains("\"7..."))
      #expect(try String(contentsOfFile: path, encoding: .utf8).contains("\"9..."))
    }
  }

  @Test func saysWhyAFileCannotBeOpened() async {
    let exporter = JSONLinesExporter(path: "/nowhere/at/all.jsonl")
    await #expect {
      _ = try await exporter.write(batch([event("a")]))
    } throws: {
      "\($0)" == "/nowhere/at/all.jsonl cannot be opened: No such file or directory"
    }
  }

  // MARK: Lines for people

  @Test func aSpanIsALine() {
    var lines = TerminalLines(colour: false)
    var context = Context()
    context.span = SpanID(bits: 1)
    context.model = "gpt-4o"
    func add(_ type: EventType, _ phase: EventPhase, _ data: JSONValue) -> String {
      lines.add(Event(type, data, phase: phase, time: 1_795_253_400_240_000_000, context: context))
    }
    #expect(add("llm.start", .start, ["name": "greet"]) == "")
    #expect(add("llm.delta", .delta, ["text": "Good "]) == "")
    #expect(add("llm.delta", .delta, ["channel": "reasoning", "text": "hm"]) == "")
    #expect(add("llm.delta", .delta, ["channel": "text", "text": "morn\u{1B}[2Jing"]) == "")
    #expect(add("llm.usage", .usage, ["input": 9, "output": 2]) == "")
    let line = add("llm.end", .end, ["name": "greet", "timing": ["duration_ms": 240.5]])
    #expect(
      line == "09:30:00.240  llm greet                 240 ms  gpt-4o  9 → 2 tokens  “Good morn [2Jing”\n")
  }

  @Test func anErrorAndAnEventAreLines() {
    var lines = TerminalLines(colour: false)
    var context = Context()
    context.span = SpanID(bits: 1)
    let time: Int64 = 1_795_253_400_000_000_000
    let data: JSONValue = ["reason": "failed", "message": "it broke", "timing": ["duration_ms": 1500.0]]
    let error = Event("tool.error", data, phase: .error, time: time, context: context)
    #expect(lines.add(error) == "09:30:00.000  tool                      1.5 s  failed: it broke\n")
    let hit = Event("cache.hit", ["bytes": 1024, "key": "a"], time: time, context: Context())
    #expect(lines.add(hit) == "09:30:00.000  cache.hit                 bytes=1024 key=a\n")
    var coloured = TerminalLines(colour: true)
    #expect(coloured.add(error).contains("\u{1B}[31mtool"))
  }
}
