internal import Signalbox

/// A function that a model may call: typed in Swift, described by a JSON Schema.
///
/// ```swift
/// struct FetchPatient: Codable, Sendable { var name: String }
/// let fetch = Tool("fetch_patient_data", "Reads a patient's record") { (arguments: FetchPatient, tool) in
///   tool.progress(0.2)
///   return try await database.patient(arguments.name)
/// }
/// ```
public struct Tool: Sendable {
  /// Its name, what it is for, and the schema of its arguments, as the model gets them.
  public let definition: ToolDefinition
  /// A call that takes longer is cancelled, and is an error for the model; nil: no limit of its own.
  public let timeout: Duration?
  private let schema: JSONSchema
  /// Optional members may also be null: the schema is the type's.
  private let isDerived: Bool
  private let bind: @Sendable (JSONValue) throws -> @Sendable (ToolRun) async throws -> String

  public var name: String { definition.name }

  /// - Parameters:
  ///   - name: letters, digits, `_` and `-`, at most 64; the program stops at any other.
  ///   - description: when to use it and what it does; the model goes by it.
  ///   - schema: of the arguments, an object. Default: what `JSONSchema(of: Arguments.self)` finds; the program stops
  ///     when it finds none.
  ///   - parameters: what the members of the arguments mean, for a schema that is found.
  ///   - strict: the provider shall hold the arguments to the schema, where it can. Default: its own.
  ///   - body: what it does. A text goes to the model as it is, any other value as JSON. It runs beside other calls,
  ///     inside of its span, and is cancelled with the run: it shall heed that. What it throws is told to the model.
  public init<Arguments: Decodable & Sendable, Output: Encodable & Sendable>(
    _ name: String, _ description: String, schema: JSONSchema? = nil,
    parameters: KeyValuePairs<String, String> = [:], strict: Bool? = nil, timeout: Duration? = nil,
    _ body: @escaping @Sendable (_ arguments: Arguments, _ tool: ToolRun) async throws -> Output
  ) {
    precondition(Self.isName(name), "A tool's name is 1 to 64 letters, digits, _ and -, not \"\(name)\"")
    self.schema = schema ?? Self.derived(Arguments.self, parameters, tool: name)
    isDerived = schema == nil
    definition = ToolDefinition(name, description, schema: self.schema.json, strict: strict)
    self.timeout = timeout
    bind = { json in
      let arguments = try JSONValueDecoder().decode(Arguments.self, from: json)
      return { run in
        let output = try await body(arguments, run)
        if let text = output as? String { return text }
        return try JSONValueEncoder().encode(output).description
      }
    }
  }

  /// The call of the tool with these arguments, checked.
  func prepare(_ arguments: JSONValue) throws(ToolProblem) -> @Sendable (ToolRun) async throws -> String {
    do {
      let arguments = isDerived ? arguments.withoutNulls(schema.json) : arguments
      try schema.validate(arguments)
      return try bind(arguments)
    } catch let error as DecodingError {
      throw .invalidArguments(error.jsonDescription)
    } catch {
      throw .invalidArguments("\(error)")
    }
  }

  private static func derived<T: Decodable>(
    _ type: T.Type, _ parameters: KeyValuePairs<String, String>, tool: String
  ) -> JSONSchema {
    do { return try JSONSchema(of: type, describing: parameters) } catch {
      preconditionFailure("The tool \(tool) needs a schema: of \(type) none can be found, \(error)")
    }
  }

  private static func isName(_ name: String) -> Bool {
    1...64 ~= name.utf8.count
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
      }
  }
}

/// What a tool throws to tell the model something in its own words. Of any other error the model gets the
/// description.
public struct ToolError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String

  public init(_ message: String) { description = message }
}

extension JSONValue {
  /// Without members that are null and need not be there: models write them for what they leave open.
  fileprivate func withoutNulls(_ schema: JSONValue) -> JSONValue {
    guard case .object(let object) = self, case .object(let properties)? = schema["properties"],
      case .array(let required)? = schema["required"]
    else { return self }
    var kept = JSONObject()
    for (name, member) in object.members {
      if member == .null, properties[name] != nil, !required.contains(.string(name)) { continue }
      kept.members.append((name, properties[name].map { member.withoutNulls($0) } ?? member))
    }
    return .object(kept)
  }
}
