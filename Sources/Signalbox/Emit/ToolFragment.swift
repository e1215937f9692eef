/// The tool call that a piece of arguments belongs to.
public struct ToolFragment: Sendable, Hashable {
  /// Place among the calls of one reply, from 0.
  public var index: Int
  /// The provider's id of the call; only its first piece must have it.
  public var id: String?
  /// The tool's name; only the call's first piece must have it.
  public var name: String?

  public init(index: Int = 0, id: String? = nil, name: String? = nil) {
    self.index = index
    self.id = id
    self.name = name
  }

  package var json: JSONValue {
    var object: JSONObject = ["index": .int(Int64(index))]
    object["id"] = id.map { .string($0) }
    object["name"] = name.map { .string($0) }
    return .object(object)
  }
}
