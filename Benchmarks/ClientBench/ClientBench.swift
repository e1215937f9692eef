import BenchCore
import Signalbox
import SignalboxLLM
import SignalboxTesting

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a delta costs from the provider's socket to the caller: `swift run -c release ClientBench [deltas]`.
///
/// The provider runs in the same process and writes a stream that is ready made; its writes and libcurl's reads are in
/// the numbers. Twice as long a stream must not cost more a delta.
@main
struct ClientBench {
  static func main() async throws {
    let deltas = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000
    for count in [deltas / 4, deltas] {
      try await measure("stream, nobody watches", count, Emitter())
      try await measure("stream, an emitter with an exporter", count, Emitter([Discard()]))
    }
  }

  static func measure(_ name: String, _ deltas: Int, _ emitter: Emitter) async throws {
    let provider = try ScriptedProvider(.raw(stream(of: deltas)))
    defer { provider.stop() }
    let client = LLMClient(.compatible(name: "bench", url: provider.url + "/v1"), emitter: emitter)
    for round in 0..<2 {
      let wall = nanoseconds(CLOCK_MONOTONIC)
      let cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID)
      var seen = 0
      for await event in client.stream("Hi", model: "m") { if case .delta = event { seen += 1 } }
      guard seen == deltas else { return print("\(name): \(seen) of \(deltas) deltas came") }
      guard round > 0 else { continue }
      let taken = Double(nanoseconds(CLOCK_MONOTONIC) - wall) / Double(deltas)
      printFigure("\(name), \(deltas) deltas", taken / 1000, "µs a delta")
      print(
        "\(name), \(deltas) deltas: \(Int(taken)) ns a delta,",
        "\(Int(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / deltas) ns of all threads' time")
    }
  }

  /// Chunks of 64 events, as OpenAI writes them.
  static func stream(of deltas: Int) -> [String] {
    let event =
      #"data: {"id":"chatcmpl-9xQ","object":"chat.completion.chunk","created":1795253400,"model":"m","choices":[{"index":0,"delta":{"content":" morning"},"finish_reason":null}]}"#
      + "\n\n"
    let chunk = String(repeating: event, count: 64)
    var chunks = Array(repeating: chunk, count: deltas / 64)
    chunks.append(String(repeating: event, count: deltas % 64))
    chunks.append(
      #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n")
    return chunks
  }

  static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  struct Discard: Exporter {
    let name = "discard"
    func write(_ batch: ExportBatch) async throws(ExportError) -> [ExportRejection] { [] }
  }
}
