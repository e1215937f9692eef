internal import JSONScan
internal import Signalbox
internal import Wire

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Puts a reply together from its pieces. Texts grow in place: a piece costs as much as it is long.
struct ReplyAssembler {
  /// A piece as the caller gets it.
  struct Delta: Equatable {
    var text: String
    var channel: DeltaChannel
    var choice: Int
    var tool: ToolFragment?
  }

  /// Tool calls and answers beyond this are not kept apart.
  private static let limit = 1024

  /// By choice.
  private var texts: [String] = []
  private var refusal = ""
  private var reasoning: [ReasoningBlock] = []
  private var calls: [ToolCall] = []
  /// The places of calls that the provider makes itself: nobody need answer them.
  private var foreign: Set<Int> = []
  private var citations: [JSONValue] = []
  /// Bytes of all texts.
  private(set) var size = 0

  /// Takes a piece; nil when it is nothing that the caller sees.
  mutating func take(_ piece: ReplyPiece) -> Delta? {
    let text = Self.string(piece)
    size += text.utf8.count
    // Further answers are kept as texts only.
    let isFirst = piece.choice == 0
    switch piece.channel {
    case .text:
      let choice = min(piece.choice, Self.limit - 1)
      while texts.count <= choice { texts.append("") }
      texts[choice] += text
      return Delta(text: text, channel: .text, choice: piece.choice, tool: nil)
    case .reasoning:
      if isFirst { takeReasoning(text) }
      return Delta(text: text, channel: .reasoning, choice: piece.choice, tool: nil)
    case .refusal:
      if isFirst { refusal += text }
      return Delta(text: text, channel: .refusal, choice: piece.choice, tool: nil)
    case .toolArguments:
      let fragment = ToolFragment(
        index: max(piece.tool, 0), id: piece.toolID.map(Self.unescaped),
        name: piece.toolName.map(Self.unescaped))
      if isFirst {
        take(text, of: fragment)
        if piece.runsAtProvider { foreign.insert(min(fragment.index, Self.limit - 1)) }
      }
      return Delta(text: text, channel: .toolArguments, choice: piece.choice, tool: fragment)
    case .signature:
      if isFirst { takeSignature(text, isBlock: piece.isValue) }
      return nil
    }
  }

  mutating func take(citation: JSONValueView) {
    guard citations.count < Self.limit else { return }
    citations.append(JSONValue(citation))
    size += citation.json.count
  }

  /// A block ends with its signature; what follows begins another.
  private mutating func takeReasoning(_ text: String) {
    if reasoning.last?.signature != nil || reasoning.isEmpty { reasoning.append(ReasoningBlock(text: "")) }
    reasoning[reasoning.count - 1].text += text
  }

  /// `isBlock`: it is a block in itself, without a text that it signs.
  private mutating func takeSignature(_ signature: String, isBlock: Bool) {
    if isBlock || reasoning.last?.signature != nil || reasoning.isEmpty {
      reasoning.append(ReasoningBlock(text: ""))
    }
    reasoning[reasoning.count - 1].signature = signature
  }

  private mutating func take(_ arguments: String, of fragment: ToolFragment) {
    let place = min(fragment.index, Self.limit - 1)
    while calls.count <= place { calls.append(ToolCall(id: "", name: "", arguments: "")) }
    if let id = fragment.id { calls[place].id = id }
    if let name = fragment.name { calls[place].name = name }
    calls[place].arguments += arguments
  }

  /// All that was generated, for an estimate.
  var text: String {
    texts.joined() + refusal + reasoning.map(\.text).joined() + calls.map(\.arguments).joined()
  }

  /// Fills in what has come. `requestID` makes the ids of calls whose provider gives none.
  func fill(_ reply: inout Reply, requestID: String) {
    reply.text = texts.first ?? ""
    reply.alternatives = Array(texts.dropFirst())
    reply.refusal = refusal.isEmpty ? nil : refusal
    reply.reasoning = reasoning
    reply.citations = citations
    reply.toolCalls = calls.enumerated().compactMap { place, call in
      if foreign.contains(place) { return nil }
      var call = call
      if call.id.isEmpty { call.id = "call_\(requestID.suffix(12))_\(place)" }
      return call
    }
  }

  // MARK: Text

  private static func string(_ piece: ReplyPiece) -> String {
    guard piece.isValue else { return unescaped(piece.text) }
    var compact = ByteWriter(capacity: piece.text.count)
    JSONParser.minify(piece.text, into: &compact)
    return compact.string
  }

  /// What a JSON string means whose inside is given.
  static func unescaped(_ text: UnsafeRawBufferPointer) -> String {
    guard let base = text.baseAddress, memchr(base, 0x5C, text.count) != nil else {
      return String(decoding: text, as: UTF8.self)
    }
    var writer = ByteWriter(capacity: text.count)
    writer.append(unescapingJSON: text)
    return writer.string
  }
}
