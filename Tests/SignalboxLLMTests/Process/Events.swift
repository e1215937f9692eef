import Signalbox

@testable import SignalboxLLM

/// Events as a client makes them, without a client.
enum Events {
  static func info(
    stream: String = "s1", provider: String = "openai", model: String = "gpt-4o", at time: Double = 1000,
    metadata: [String: JSONValue] = [:]
  ) -> StreamInfo {
    StreamInfo(
      provider: provider, model: model, requestID: "r-" + stream, streamID: stream, timestamp: time,
      metadata: metadata)
  }

  static func start(stream: String = "s1", at time: Double = 1000) -> StreamEvent {
    .start(StreamStart(info: info(stream: stream, at: time)))
  }

  static func delta(
    _ text: String, _ index: Int = 0, stream: String = "s1", provider: String = "openai",
    model: String = "gpt-4o",
    channel: DeltaChannel = .text, tool: ToolFragment? = nil, at time: Double = 1000
  ) -> StreamEvent {
    .delta(
      StreamDelta(
        info: info(stream: stream, provider: provider, model: model, at: time), text: text, chunkIndex: index,
        channel: channel, tool: tool))
  }

  static func usage(output: Int64, stream: String = "s1", at time: Double = 1000) -> StreamEvent {
    .usage(
      StreamUsage(
        info: info(stream: stream, at: time),
        usage: TokenUsage(input: 9, output: output, provenance: .providerFinal)))
  }

  static func restart(from index: Int, stream: String = "s1", at time: Double = 1000) -> StreamEvent {
    .restart(
      StreamRestart(
        info: info(stream: stream, at: time), attempt: 1, discardFrom: index,
        error: LLMError(.incomplete, "it broke", isRetryable: true)))
  }

  static func complete(
    _ text: String = "", output: Int64? = nil, chunks: Int = 0, stream: String = "s1", at time: Double = 1000,
    durationMS: Double = 0
  ) -> StreamEvent {
    var reply = Reply(provider: "openai", model: "gpt-4o", requestID: "r-" + stream)
    reply.text = text
    reply.usage = output.map { TokenUsage(input: 9, output: $0, provenance: .providerFinal) }
    reply.timing = CallTiming(durationMS: durationMS, deltas: chunks)
    return .complete(StreamComplete(info: info(stream: stream, at: time), reply: reply))
  }

  static func error(_ code: LLMError.Code = .rateLimited, stream: String = "s1", at time: Double = 1000)
    -> StreamEvent
  {
    .error(
      StreamError(info: info(stream: stream, at: time), error: LLMError(code, "no", isRetryable: true)))
  }

  /// The events as a sequence.
  static func stream(_ events: [StreamEvent]) -> AsyncStream<StreamEvent> {
    AsyncStream { continuation in
      for event in events { continuation.yield(event) }
      continuation.finish()
    }
  }
}

extension StreamEvent {
  /// The text of a delta.
  var text: String? { if case .delta(let delta) = self { delta.text } else { nil } }
}

struct TestError: Error, Equatable {
  var name = "test"
}
