extension JSONValue {
  /// A value as JSON, as far as it is one: what encodes itself, tuples, and collections of such. Anything else, and
  /// what cannot be encoded, is described: `{"type", "description", "described": true}`. So is what takes more than
  /// `limit` bytes, with `bytes` and the beginning of its text.
  ///
  /// Never fails, because what it is for (telling of a result) must not break the work that made it.
  public init(describing value: Any, limit: Int = 64 << 10) {
    self = Self.json(value, depth: 0) ?? Self.description(of: value)
    let size = estimatedSize
    guard size > limit else { return }
    let text = if case .string(let text) = self { text } else { description }
    self = [
      "type": .string(Self.cut("\(type(of: value))", Self.typeLength)),
      "description": .string(Self.cut(text, Self.textLength)), "bytes": .int(Int64(size)), "described": true,
    ]
  }

  private static var typeLength: Int { 256 }
  private static var textLength: Int { 1024 }
  /// Elements of a collection that does not encode itself; further ones are left out.
  private static var elementCount: Int { 1000 }

  private static func json(_ value: Any, depth: Int) -> JSONValue? {
    if let value = value as? any Encodable, let json = try? JSONValueEncoder().encode(value) { return json }
    guard depth < 8 else { return nil }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .tuple:
      guard !mirror.children.isEmpty else { return .null }
      let members = mirror.children.map { ($0.label ?? "", part($0.value, depth)) }
      let isNamed = members.allSatisfy { !$0.0.isEmpty && !$0.0.hasPrefix(".") }
      return isNamed ? .object(JSONObject(members)) : .array(members.map(\.1))
    case .optional:
      guard let wrapped = mirror.children.first else { return .null }
      return part(wrapped.value, depth)
    case .collection, .set:
      return .array(mirror.children.prefix(elementCount).map { part($0.value, depth) })
    default: return nil
    }
  }

  private static func part(_ value: Any, _ depth: Int) -> JSONValue {
    json(value, depth: depth + 1) ?? description(of: value)
  }

  private static func description(of value: Any) -> JSONValue {
    [
      "type": .string(cut("\(type(of: value))", typeLength)),
      "description": .string(cut(String(describing: value), textLength)), "described": true,
    ]
  }

  private static func cut(_ text: String, _ limit: Int) -> String {
    text.utf8.count <= limit ? text : String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
  }
}
