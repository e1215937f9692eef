public import Signalbox

extension StreamEvent {
  /// What the application or a transformer added.
  public var metadata: [String: JSONValue] {
    get { info.metadata }
    _modify { yield &info.metadata }
  }

  /// Adds to the metadata what one of our stages found out. They are seldom alone, so there is room for a few at once.
  mutating func note(_ key: String, _ value: JSONValue) {
    if info.metadata.isEmpty { info.metadata.reserveCapacity(6) }
    info.metadata[key] = value
  }

  /// What tells its stream from others: the stream's id, or the request's where that is empty.
  var streamKey: String {
    let info = info
    return info.streamID.isEmpty ? info.requestID : info.streamID
  }

  /// About how many bytes it takes; cheap, for bounds.
  var estimatedSize: Int {
    let metadata = info.metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.estimatedSize + 16 }
    let own =
      switch self {
      case .delta(let delta): delta.text.utf8.count
      case .complete(let complete): complete.reply.estimatedSize
      case .error(let error): error.error.message.utf8.count + (error.error.partial?.estimatedSize ?? 0)
      case .restart(let restart):
        restart.error.message.utf8.count + (restart.error.partial?.estimatedSize ?? 0)
      case .start, .usage: 0
      }
    return 512 + metadata + own
  }
}

extension Reply {
  fileprivate var estimatedSize: Int {
    var size = text.utf8.count + (refusal?.utf8.count ?? 0)
    for block in reasoning { size += block.text.utf8.count + (block.signature?.utf8.count ?? 0) + 32 }
    for call in toolCalls { size += call.name.utf8.count + call.arguments.utf8.count + 64 }
    for citation in citations { size += citation.estimatedSize }
    for alternative in alternatives { size += alternative.utf8.count + 16 }
    return size
  }
}
