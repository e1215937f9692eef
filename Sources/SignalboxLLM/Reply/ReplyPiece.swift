/// A piece of generated text as it lies in a scanned payload: valid until the next scan.
///
/// Text, ids and names are the bytes between the quotes of a valid JSON string, with their escapes, so that they
/// can be written into an event without being decoded.
package struct ReplyPiece {
  package var channel: ReplyChannel
  /// Which of several answers, from 0.
  package var choice: Int
  /// The call's place among those of its reply, from 0; -1: no tool call.
  package var tool = -1
  /// The provider's id of the tool call, where this fragment names it.
  package var toolID: UnsafeRawBufferPointer?
  package var toolName: UnsafeRawBufferPointer?
  package var text: UnsafeRawBufferPointer
  /// The text is a JSON value in itself (arguments that were sent as an object, reasoning that is kept from us and
  /// wanted back as it is), not the inside of a string.
  package var isValue = false
  /// The provider runs the tool itself: its call waits for nobody's result.
  package var runsAtProvider = false

  package init(
    channel: ReplyChannel, choice: Int = 0, tool: Int = -1, toolID: UnsafeRawBufferPointer? = nil,
    toolName: UnsafeRawBufferPointer? = nil, text: UnsafeRawBufferPointer, isValue: Bool = false
  ) {
    self.channel = channel
    self.choice = choice
    self.tool = tool
    self.toolID = toolID
    self.toolName = toolName
    self.text = text
    self.isValue = isValue
  }
}
