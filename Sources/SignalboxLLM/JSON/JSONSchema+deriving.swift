public import Signalbox

extension JSONSchema {
  /// The schema of what a type decodes, found by decoding a specimen of it.
  ///
  /// It knows structures with coding keys, arrays and sets, dictionaries with string keys, optionals (which need not be
  /// there), texts, numbers, booleans, `JSONValue`, and enumerations of texts or whole numbers that are `CaseIterable`.
  /// Other members than those are forbidden. What it cannot know throws, and names the place: write that schema
  /// yourself.
  ///
  /// - Parameter descriptions: what members of the outermost object mean, by name; the model reads it.
  public init<T: Decodable>(
    of type: T.Type, describing descriptions: KeyValuePairs<String, String> = [:]
  ) throws(JSONSchemaDerivationError) {
    var json = try SchemaSpecimen.schema(of: type)
    for (name, description) in descriptions {
      guard case .object(var root) = json, case .object(var members)? = root["properties"],
        case .object(var member)? = members[name]
      else {
        throw JSONSchemaDerivationError(path: .root, message: "there is no member \"\(name)\" to describe")
      }
      member["description"] = .string(description)
      members[name] = .object(member)
      root["properties"] = .object(members)
      json = .object(root)
    }
    do { try self.init(json) } catch {
      throw JSONSchemaDerivationError(path: error.path, message: error.message)
    }
  }
}

/// Why the schema of a type cannot be found.
public struct JSONSchemaDerivationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Where in the value.
  public let path: JSONPath
  /// A plain sentence.
  public let message: String

  public var description: String { "\(path): \(message)" }
}
