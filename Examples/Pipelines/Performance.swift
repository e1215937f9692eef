import Signalbox
import SignalboxLLM
import SignalboxTesting

#if canImport(Glibc)
  import Glibc
#endif

/// Says how fast each batch went, and how much memory the process has.
struct MonitoredPipeline: Sendable {
  let client: LLMClient
  let model: String
  let emitter: Emitter

  func process(_ texts: [String]) async throws -> [String] {
    try await instrument(self, kind: .chain, input: texts.count, capture: .input, emitter: emitter) {
      let clock = ContinuousClock()
      let start = clock.now
      var labels: [String] = []
      for text in texts { labels.append(try await client.text("One word for: \(text)", model: model)) }
      let seconds = (clock.now - start) / .seconds(1)
      var data: JSONObject = [
        "duration_seconds": .double(seconds), "input_size": .int(Int64(texts.count)),
        "throughput": .double(Double(texts.count) / max(seconds, 1e-9)),
      ]
      data["memory_usage_mb"] = Self.residentMiB.map { .double($0) }
      emitter.emit("performance.metrics", .object(data))
      return labels
    }
  }

  /// Resident memory of this process; nil where the system does not say (proc(5), `statm`).
  private static var residentMiB: Double? {
    #if os(Linux)
      guard let file = fopen("/proc/self/statm", "r") else { return nil }
      defer { fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 128)
      let count = fread(&bytes, 1, bytes.count, file)
      let fields = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ")
      guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
      return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / Double(1 << 20)
    #else
      return nil
    #endif
  }

  static func demonstrate(_ lab: Lab) async throws {
    try await lab.withClient([(nil, .text("shoes", chunks: 1))]) { client in
      let pipeline = MonitoredPipeline(client: client, model: lab.model("gpt-4o-mini"), emitter: lab.emitter)
      for size in [1, 4, 8] {
        let labels = try await pipeline.process((0..<size).map { "text \($0)" })
        print("\(labels.count) texts")
      }
    }
  }
}
