internal import JSONScan
internal import Signalbox

extension JSONValue {
  /// A copy of a scanned value; whole numbers of 64 bits are kept exactly.
  init(_ view: JSONValueView) {
    switch view.kind {
    case .null: self = .null
    case .true: self = .bool(true)
    case .false: self = .bool(false)
    case .number: self = view.int.map { .int($0) } ?? .double(view.double ?? 0)
    case .string, .key: self = .string(view.string ?? "")
    case .array:
      var elements: [JSONValue] = []
      view.forEachElement { elements.append(JSONValue($0)) }
      self = .array(elements)
    case .object:
      var members = JSONObject()
      view.forEachMember { members.members.append(($0.string ?? "", JSONValue($1))) }
      self = .object(members)
    }
  }
}
