internal import Fetch
internal import JSONScan
internal import Signalbox
internal import Wire

/// One request of a call, and what has come of its reply.
struct CallAttempt {
  /// Whether the reply goes on.
  enum Ending {
    case open, whole
    case failed(LLMError)
  }

  /// The index of its first delta.
  let firstIndex: Int
  /// Hears how it went.
  var permit: CircuitPermit?
  /// Gets a copy of the reply's bytes.
  private let record: (any ByteTapCall)?
  private let format: ReplyFormat
  private let decoder: ReplyDecoder?
  private var assembler = ReplyAssembler()

  /// None was made.
  init() {
    format = .chat
    decoder = nil
    record = nil
    firstIndex = 0
  }

  init(_ format: ReplyFormat, firstIndex: Int, record: (any ByteTapCall)? = nil) {
    self.record = record
    self.format = format
    decoder = ReplyDecoder(format, parser: JSONParser())
    self.firstIndex = firstIndex
  }

  /// Of the response; 0: none came.
  var status: Int { decoder?.status ?? 0 }

  func respond(_ response: FetchResponse, at moment: Moment) {
    record?.head(status: response.status, headers: response.headers.map { ($0.name, $0.value) })
    var encoding = response.header("content-encoding") ?? ""
    let hasEncoding = !encoding.isEmpty
    encoding.withUTF8 { encoding in
      decoder?.respond(
        status: response.status, contentEncoding: hasEncoding ? UnsafeRawBufferPointer(encoding) : nil,
        retryAfter: RetryAfter.milliseconds(response.header, now: moment.wall))
    }
  }

  /// Reads a piece of the body; more than `limit` bytes of text are an error.
  mutating func receive(
    _ bytes: [UInt8], limit: Int, _ body: (ReplyAssembler.Delta) -> Void
  ) -> Ending {
    guard let decoder else { return .open }
    var ending = Ending.open
    bytes.withUnsafeBytes { bytes in
      record?.body(bytes)
      decoder.receive(bytes) { take($0, &ending, body) }
    }
    if assembler.size > limit {
      return .failed(LLMError(.badReply, "the reply is longer than \(limit) bytes", status: status))
    }
    if case .open = ending, let unread = decoder.unread {
      return .failed(LLMError(.badReply, "\(unread)", status: status))
    }
    // What the reply says ends it, whatever becomes of the connection.
    if case .open = ending {} else { record?.end(.complete) }
    return ending
  }

  /// Nothing more is read, because of this.
  func abandon(_ error: LLMError) {
    record?.end(error.code == .cancelled ? .cancelled : .cut(error.message))
  }

  /// The body has ended: returns why the reply is no success.
  mutating func finish(_ body: (ReplyAssembler.Delta) -> Void) -> LLMError? {
    guard let decoder else { return nil }
    record?.end(.complete)
    var ending = Ending.open
    let failure = decoder.finish { take($0, &ending, body) }
    if case .failed(let error) = ending { return error }
    return failure.map { LLMError($0, format: format) }
  }

  private mutating func take(
    _ item: ReplyItem, _ ending: inout Ending, _ body: (ReplyAssembler.Delta) -> Void
  ) {
    switch item {
    case .piece(let piece):
      if let delta = assembler.take(piece) { body(delta) }
    case .annotation(let value, choice: 0): assembler.take(citation: value)
    case .failure(let failure): ending = .failed(LLMError(failure, format: format))
    case .end: ending = .whole
    case .annotation, .usage, .opaque: break
    }
  }

  // MARK: What came

  func fill(_ reply: inout Reply, requestID: String) {
    assembler.fill(&reply, requestID: requestID)
    guard let summary = decoder?.summary else { return }
    reply.finishReason = summary.finishReasons.first.map(Self.text)
    if !summary.id.isEmpty { reply.id = Self.text(summary.id) }
    if !summary.model.isEmpty { reply.model = Self.text(summary.model) }
  }

  /// What the provider said of the tokens.
  func usage(isWhole: Bool) -> TokenUsage? {
    guard var usage = decoder?.summary.usage else { return nil }
    usage.provenance = isWhole ? .providerFinal : .providerPartial
    return usage
  }

  var serviceTier: String? {
    guard let tier = decoder?.summary.serviceTier, !tier.isEmpty else { return nil }
    return Self.text(tier)
  }

  /// All that was generated, for an estimate.
  var text: String { assembler.text }

  private static func text(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { ReplyAssembler.unescaped($0) }
  }
}

extension LLMRequest {
  /// All texts, for an estimate.
  var text: String {
    messages.lazy.flatMap(\.content).reduce(into: "") { text, part in
      switch part {
      case .text(let piece): text += piece
      case .reasoning(let block): text += block.text
      case .toolCall(let call): text += call.arguments
      case .toolResult(let result): text += result.text
      case .image: break
      }
    }
  }
}
