extension Event {
  /// This delta with the next one of its span joined to it; `nil` when they are not two pieces of one text in
  /// a row.
  func merged(with next: Event) -> Event? {
    guard phase == .delta, next.phase == .delta, let index, next.index == index + count,
      context.spanID == next.context.spanID, context == next.context, type == next.type,
      case .object(let object)? = data, case .object(let nextObject)? = next.data,
      let text = object["text"]?.string, let nextText = nextObject["text"]?.string,
      object.isSamePiece(as: nextObject)
    else { return nil }
    var merged = self
    var joined = object
    joined["text"] = .string(text + nextText)
    merged.data = .object(joined)
    merged.count = count + next.count
    return merged
  }
}

extension JSONObject {
  /// Whether both say the same of everything but the text: channel, choice, tool call.
  fileprivate func isSamePiece(as other: JSONObject) -> Bool {
    members.count == other.members.count
      && zip(members, other.members).allSatisfy { $0.0 == $1.0 && ($0.0 == "text" || $0.1 == $1.1) }
  }
}
