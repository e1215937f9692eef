public import Signalbox
public import SignalboxLLM

/// How a scripted provider answers one request.
public struct ScriptedReply: Sendable {
  enum Content: Sendable {
    case script(ReplyScript, ProviderFormat?)
    case refusal(status: Int, message: String, headers: [Cassette.Header])
    case raw(status: Int, headers: [Cassette.Header], chunks: [[UInt8]])
    case cassette(Cassette, speed: Double)
  }

  /// What goes wrong on purpose.
  public enum Fault: Sendable, Hashable {
    /// The connection is closed without an answer.
    case hangUp
    /// The connection is reset after so many bytes of the body.
    case reset(afterBytes: Int)
    /// The connection is closed after so many bytes of the body, without its end.
    case truncated(afterBytes: Int)
    /// Nothing more comes after so many bytes of the body until `ScriptedProvider.release`.
    case stall(afterBytes: Int)
    /// Not even the answer's head comes until `ScriptedProvider.release`.
    case stallBeforeHead
    /// The body comes in pieces of so many bytes with a pause before each.
    case drip(bytes: Int, every: Duration)
    /// Every byte of the body comes in a packet of its own.
    case splitAtEveryByte
  }

  let content: Content
  var faults: [Fault] = []
  /// Between the pieces of a script.
  var pause = Duration.zero

  /// A text, in that many pieces where a stream is asked for.
  ///
  /// `format`: by the request's path unless given. `usage`: nil leaves the provider silent about it.
  public static func text(
    _ text: String, chunks: Int = 5, format: ProviderFormat? = nil,
    usage: TokenUsage? = TokenUsage(input: 9, output: 5, provenance: .providerFinal)
  ) -> ScriptedReply {
    script(ReplyScript(text, chunks: chunks, usage: usage), format: format)
  }

  /// A tool call; `arguments` is JSON text.
  public static func toolCall(
    _ name: String, arguments: String, id: String = "call_1", chunks: Int = 3, format: ProviderFormat? = nil,
    usage: TokenUsage? = TokenUsage(input: 9, output: 5, provenance: .providerFinal)
  ) -> ScriptedReply {
    let call = ToolCall(id: id, name: name, arguments: arguments)
    return script(ReplyScript(toolCalls: [call], chunks: chunks, usage: usage), format: format)
  }

  /// All that a reply can say.
  public static func script(_ script: ReplyScript, format: ProviderFormat? = nil) -> ScriptedReply {
    ScriptedReply(content: .script(script, format))
  }

  /// A refusal in the provider's form.
  public static func error(
    status: Int, _ message: String = "The scripted provider refuses", retryAfter: Duration? = nil
  ) -> ScriptedReply {
    var headers: [Cassette.Header] = []
    if let retryAfter {
      let milliseconds =
        retryAfter.components.seconds * 1000 + retryAfter.components.attoseconds / 1_000_000_000_000_000
      // Whole seconds go the standard's way (RFC 9110 §10.2.3), parts of them OpenAI's.
      headers.append(
        milliseconds % 1000 == 0
          ? Cassette.Header(name: "retry-after", value: "\(milliseconds / 1000)")
          : Cassette.Header(name: "retry-after-ms", value: "\(milliseconds)"))
    }
    return ScriptedReply(content: .refusal(status: status, message: message, headers: headers))
  }

  /// Exactly these pieces of a body.
  public static func raw(
    _ chunks: [String], status: Int = 200, contentType: String = "text/event-stream",
    headers: [(String, String)] = []
  ) -> ScriptedReply {
    let all = [("content-type", contentType)] + headers
    return ScriptedReply(
      content: .raw(
        status: status, headers: all.map { Cassette.Header(name: $0.0, value: $0.1) },
        chunks: chunks.map { Array($0.utf8) }))
  }

  /// A recording. `speed`: 1 as it was, 2 twice as fast, 0 at once.
  public static func cassette(_ cassette: Cassette, speed: Double = 0) -> ScriptedReply {
    ScriptedReply(content: .cassette(cassette, speed: speed))
  }

  /// The same with something that goes wrong; several may.
  public func with(_ fault: Fault) -> ScriptedReply {
    var reply = self
    reply.faults.append(fault)
    return reply
  }

  /// The same with a pause before every piece of a scripted text.
  public func every(_ pause: Duration) -> ScriptedReply {
    var reply = self
    reply.pause = pause
    return reply
  }
}
