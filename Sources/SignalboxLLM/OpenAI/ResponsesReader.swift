package import JSONScan
internal import Signalbox
internal import Wire

/// Reads the events of OpenAI Responses, and whole responses.
///
/// A text is sent in deltas, and repeated whole when its part, its item and the response end. What is repeated is
/// only read where the deltas were left out.
///
/// Format: the API reference of OpenAI Responses and the types of its official SDK.
package struct ResponsesReader {
  /// A text within the response.
  private struct Place: Equatable {
    var kind: ResponsesEvent.Text
    /// The item's place in the output.
    var output: Int64
    /// The part's place in the item.
    var part: Int64
  }

  /// An item of the output that is a tool call.
  private struct Call {
    var output: Int64
    var isNamed = false
    /// OpenAI calls the MCP server itself.
    var runsAtProvider = false
  }

  /// More texts and calls than this in one response are not told apart.
  private static let limit = 4096

  /// Texts of which something has come.
  private var begun: [Place] = []
  /// In the order of their beginnings.
  private var calls: [Call] = []

  package init() {}

  /// Reads one payload into `part`, in place of what was there. `event` is the name that the stream gives it.
  package mutating func read(
    _ root: JSONValueView, event: UnsafeRawBufferPointer, into part: inout ReplyPart
  ) {
    part.clear()
    guard let kind = ResponsesEvent(root["type"]?.text ?? event) else {
      return readUntyped(root, into: &part)
    }
    let output = root["output_index"]?.int ?? 0
    switch kind {
    case .delta(let text):
      let place = Place(kind: text, output: output, part: Self.part(of: root))
      if let delta = root["delta"] { append(delta, at: place, isRepeated: false, into: &part) }
    case .done(let text, let member):
      let place = Place(kind: text, output: output, part: Self.part(of: root))
      if let whole = root[member] { append(whole, at: place, isRepeated: true, into: &part) }
    case .partDone:
      if let content = root["part"] {
        read(content: content, output: output, part: Self.part(of: root), into: &part)
      }
    case .itemAdded:
      if let item = root["item"] { readNames(item, output: output, into: &part) }
    case .itemDone:
      if let item = root["item"] { read(item: item, output: output, into: &part) }
    case .annotation:
      begin(Place(kind: .annotation, output: output, part: Self.part(of: root)))
      if let value = root["annotation"], !value.isNull {
        part.annotations.append(.init(choice: 0, value: value))
      }
    case .progress:
      guard let response = root["response"] else { return }
      part.id = response["id"]?.text
      part.model = response["model"]?.text
    case .end:
      // Most servers repeat the output here; the places of some differ from those in the stream.
      let isEmpty = begun.isEmpty && calls.isEmpty
      readEnd(
        of: root["response"] ?? root, readsOutput: isEmpty, type: root["type"]?.text ?? event, into: &part)
    case .error: part.failure = Self.failure(root)
    case .silent: break
    }
  }

  private static func part(of event: JSONValueView) -> Int64 {
    (event["content_index"] ?? event["summary_index"])?.int ?? 0
  }

  /// OpenAI documents `{type, code, message}`, and sends `{type, error: {type, code, message}}` as well.
  private static func failure(_ root: JSONValueView) -> ReplyPart.Failure {
    if let error = root["error"], error.kind == .object { return .init(error) }
    var failure = ReplyPart.Failure()
    failure.message = root["message"]?.text
    failure.code = root["code"]?.nonEmptyText
    return failure
  }

  /// A whole response, an error, or nothing of ours.
  private mutating func readUntyped(_ root: JSONValueView, into part: inout ReplyPart) {
    if root["object"]?.text?.elementsEqual("response") == true || root["output"]?.kind == .array {
      readEnd(of: root, readsOutput: true, type: Self.word("completed"), into: &part)
    } else if let error = root["error"] ?? root[0]?["error"], !error.isNull {
      part.failure = .init(error)
    } else {
      part.isOpaque = true
    }
  }

  // MARK: The end

  private mutating func readEnd(
    of response: JSONValueView, readsOutput: Bool, type: UnsafeRawBufferPointer, into part: inout ReplyPart
  ) {
    part.id = response["id"]?.text
    part.model = response["model"]?.text
    part.serviceTier = response["service_tier"]?.text
    if let usage = response["usage"], usage.kind == .object {
      part.usage = TokenUsage(responses: usage)
      part.rawUsage = usage.json
    }
    if readsOutput {
      var output: Int64 = 0
      response["output"]?.forEachElement { item in
        read(item: item, output: output, into: &part)
        output += 1
      }
    }
    if part.choices.isEmpty { part.choices.append(0) }
    let status = response["status"]?.nonEmptyText ?? Self.lastWord(of: type)
    if let error = response["error"], !error.isNull {
      part.failure = .init(error)
    } else if status.elementsEqual("failed") || status.elementsEqual("cancelled") {
      part.failure = .init(message: Self.word("The response did not complete"), code: status)
    } else {
      // `queued` and `in_progress` are what a response in the background is asked for with.
      let reason = response["incomplete_details"]?["reason"]?.nonEmptyText ?? status
      part.finishes.append(.init(choice: 0, reason: reason))
      part.isEnd = true
    }
  }

  private static func lastWord(of type: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard let dot = type.lastIndex(of: UInt8(ascii: ".")) else { return type }
    return UnsafeRawBufferPointer(rebasing: type[(dot + 1)...])
  }

  private static func word(_ text: StaticString) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  // MARK: Items

  /// An item as it is when it is done, but for what was told of it.
  private mutating func read(item: JSONValueView, output: Int64, into part: inout ReplyPart) {
    readNames(item, output: output, into: &part)
    if isCall(item) {
      let arguments = item["arguments"] ?? item["input"] ?? item["action"] ?? item["operation"]
      let place = Place(kind: .arguments, output: output, part: 0)
      if let arguments { append(arguments, at: place, isRepeated: true, into: &part) }
      return
    }
    for (list, kind) in [("summary", .summary), ("content", nil)] as [(StaticString, ResponsesEvent.Text?)] {
      var number: Int64 = 0
      item[list]?.forEachElement { content in
        read(content: content, kind: kind, output: output, part: number, into: &part)
        number += 1
      }
    }
    if let secret = item["encrypted_content"] {
      append(secret, at: Place(kind: .signature, output: output, part: 0), isRepeated: true, into: &part)
    }
  }

  /// A part of a message or of its reasoning, but for what was told of it.
  private mutating func read(
    content: JSONValueView, kind known: ResponsesEvent.Text? = nil, output: Int64, part number: Int64,
    into part: inout ReplyPart
  ) {
    guard let kind = known ?? content["type"]?.text.flatMap({ ResponsesEvent.Text(content: $0) }) else {
      return
    }
    if let text = content[kind.member] {
      append(text, at: Place(kind: kind, output: output, part: number), isRepeated: true, into: &part)
    }
    let notes = Place(kind: .annotation, output: output, part: number)
    guard let annotations = content["annotations"], !begun.contains(notes) else { return }
    annotations.forEachElement { value in
      begin(notes)
      part.annotations.append(.init(choice: 0, value: value))
    }
  }

  /// Calls that the client or OpenAI answers: of functions, of tools without a schema, of MCP servers, and of
  /// OpenAI's own tools that run at the client's (`computer_call`, `shell_call`, …).
  private func isCall(_ item: JSONValueView) -> Bool {
    guard let type = item["type"]?.text, !type.hasSuffix("_output") else { return false }
    return type.elementsEqual("mcp_call") || type.hasSuffix("_call") && item["call_id"] != nil
  }

  /// The id and the name of a tool call, the first time that they are told.
  private mutating func readNames(_ item: JSONValueView, output: Int64, into part: inout ReplyPart) {
    guard isCall(item) else { return }
    let place = place(output)
    guard calls.indices.contains(place), !calls[place].isNamed else { return }
    calls[place].isNamed = true
    calls[place].runsAtProvider = item["type"]?.text?.elementsEqual("mcp_call") == true
    var piece = ReplyPiece(
      channel: .toolArguments, tool: place, toolID: (item["call_id"] ?? item["id"])?.nonEmptyText,
      toolName: (item["name"] ?? item["type"])?.nonEmptyText, text: Self.word(""))
    piece.runsAtProvider = calls[place].runsAtProvider
    part.pieces.append(piece)
    part.choices.append(0)
  }

  /// The place of the call that an item is, from 0.
  private mutating func place(_ output: Int64) -> Int {
    if let last = calls.last, last.output == output { return calls.count - 1 }
    if let known = calls.firstIndex(where: { $0.output == output }) { return known }
    guard calls.count < Self.limit else { return Self.limit }
    calls.append(Call(output: output))
    return calls.count - 1
  }

  // MARK: Texts

  /// Adds a piece of a text; one that is repeated only if nothing of the text has come.
  private mutating func append(
    _ text: JSONValueView, at place: Place, isRepeated: Bool, into part: inout ReplyPart
  ) {
    guard !text.bytes.isEmpty, !text.isNull, begin(place) || !isRepeated else { return }
    var piece = ReplyPiece(channel: place.kind.channel, text: text.bytes)
    if place.kind == .arguments {
      piece.tool = self.place(place.output)
      piece.runsAtProvider = calls.indices.contains(piece.tool) && calls[piece.tool].runsAtProvider
      piece.isValue = text.kind != .string
    } else if text.kind != .string {
      return
    }
    part.pieces.append(piece)
    part.choices.append(0)
    if isRepeated { part.isRepetition = true }
  }

  /// Whether nothing of the text has come before.
  @discardableResult
  private mutating func begin(_ place: Place) -> Bool {
    if begun.last == place || begun.contains(place) { return false }
    guard begun.count < Self.limit else { return false }
    begun.append(place)
    return true
  }
}
