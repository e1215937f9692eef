internal import JSONScan

/// What the readers of formats that consist of content blocks say.
extension ReplyPart {
  /// Adds a piece of text, unless there is none.
  mutating func append(_ channel: ReplyChannel, _ value: JSONValueView?) {
    if let text = value?.nonEmptyText { pieces.append(ReplyPiece(channel: channel, text: text)) }
  }

  /// Adds the beginning of a tool call; `arguments` is a JSON value.
  mutating func append(
    call: BlockCalls.Call, id: JSONValueView?, name: JSONValueView?, arguments: JSONValueView?
  ) {
    var piece = ReplyPiece(
      channel: .toolArguments, tool: call.place, toolID: id?.nonEmptyText, toolName: name?.nonEmptyText,
      text: arguments?.json ?? UnsafeRawBufferPointer(start: nil, count: 0), isValue: arguments != nil)
    piece.runsAtProvider = call.runsAtProvider
    pieces.append(piece)
  }

  /// Adds a fragment of a tool call's arguments, the inside of a JSON string.
  mutating func append(arguments: UnsafeRawBufferPointer, of call: BlockCalls.Call) {
    var piece = ReplyPiece(channel: .toolArguments, tool: call.place, text: arguments)
    piece.runsAtProvider = call.runsAtProvider
    pieces.append(piece)
  }
}
