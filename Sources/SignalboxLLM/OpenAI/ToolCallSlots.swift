internal import Wire

/// Finds out which tool call a fragment belongs to.
///
/// OpenAI numbers the calls of a reply with `index`. Compatible servers leave it out or always say 0; so the rule
/// is: a known index continues its call unless a new id comes with it, an unknown index or id opens one, and a
/// fragment with neither continues the last.
struct ToolCallSlots {
  /// More calls than this in one reply are taken for the last one.
  static let limit = 1024

  private struct Call {
    var choice: Int
    var index: Int64?
    var id: [UInt8]
    var place: Int
  }

  private var calls: [Call] = []

  /// The place of the call among its choice's, from 0. An empty id counts as none.
  mutating func place(choice: Int, index: Int64?, id: UnsafeRawBufferPointer?) -> Int {
    let id = id.flatMap { $0.isEmpty ? nil : $0 }
    if let at = find(choice: choice, index: index, id: id) {
      if let id, calls[at].id.isEmpty { calls[at].id = Array(id) }
      return calls[at].place
    }
    return open(choice: choice, index: index, id: id)
  }

  /// A call of its own, whatever its index and id are: plain replies list every call once.
  mutating func open(choice: Int, index: Int64?, id: UnsafeRawBufferPointer?) -> Int {
    let place = calls.lazy.filter { $0.choice == choice }.count
    guard calls.count < Self.limit else { return max(0, place - 1) }
    calls.append(Call(choice: choice, index: index, id: id.map(Array.init) ?? [], place: place))
    return place
  }

  private func find(choice: Int, index: Int64?, id: UnsafeRawBufferPointer?) -> Int? {
    if let id, let known = calls.lastIndex(where: { $0.choice == choice && id.sameBytes($0.id) }) {
      return known
    }
    if let index {
      guard let last = calls.lastIndex(where: { $0.choice == choice && $0.index == index }) else {
        return nil
      }
      return id == nil || calls[last].id.isEmpty ? last : nil
    }
    return id == nil ? calls.lastIndex { $0.choice == choice } : nil
  }
}

extension UnsafeRawBufferPointer {
  func sameBytes(_ other: [UInt8]) -> Bool { other.withUnsafeBytes { sameBytes($0) } }
}
