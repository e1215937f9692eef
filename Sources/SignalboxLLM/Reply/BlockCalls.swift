/// The tool calls among the content blocks of a reply whose blocks are numbered.
struct BlockCalls {
  struct Call {
    /// The number of its block; nil: it has none.
    var block: Int64?
    /// Its place among the calls of the reply, from 0.
    var place: Int
    /// The provider runs the tool itself.
    var runsAtProvider: Bool
  }

  /// More calls than this in one reply are taken for the last one.
  static let limit = 1024

  private var calls: [Call] = []

  /// A block that is a tool call begins.
  mutating func open(block: Int64?, runsAtProvider: Bool = false) -> Call {
    if calls.count == Self.limit, let last = calls.last { return last }
    let call = Call(block: block, place: calls.count, runsAtProvider: runsAtProvider)
    calls.append(call)
    return call
  }

  /// The call that a fragment belongs to: the last one of its block, or of all where the block is not told. A block
  /// whose beginning did not come is one all the same.
  mutating func call(block: Int64?) -> Call {
    calls.last { block == nil || $0.block == block } ?? open(block: block)
  }
}
