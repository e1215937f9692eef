import Signalbox

/// Makes the rules of a schema and of all schemas in it. Works through a list instead of recursing, so that
/// neither nesting nor chains of references cost stack.
struct SchemaCompiler {
  private let root: JSONValue
  private var nodes: [SchemaNode] = []
  private var places: [JSONPath: Int] = [:]
  private var schemas: [JSONValue] = []

  private static let nodeLimit = 20_000

  private init(root: JSONValue) { self.root = root }

  static func compile(_ root: JSONValue) throws(JSONSchemaDefinitionError) -> [SchemaNode] {
    var compiler = SchemaCompiler(root: root)
    _ = compiler.place(root, [])
    var done = 0
    while done < compiler.nodes.count {
      guard done < nodeLimit else {
        throw JSONSchemaDefinitionError(path: .root, message: "More than \(nodeLimit) schemas")
      }
      let steps = compiler.nodes[done].path.steps
      let rules = try compiler.rules(compiler.schemas[done], steps)
      compiler.nodes[done].rules = rules
      done += 1
    }
    try compiler.refuseCycles()
    return compiler.nodes
  }

  /// Where a schema is or will be in the list.
  private mutating func place(_ schema: JSONValue, _ steps: [JSONPath.Step]) -> Int {
    let path = JSONPath(steps)
    if let place = places[path] { return place }
    places[path] = nodes.count
    nodes.append(SchemaNode(path: path))
    schemas.append(schema)
    return nodes.count - 1
  }

  private mutating func rules(
    _ schema: JSONValue, _ steps: [JSONPath.Step]
  ) throws(JSONSchemaDefinitionError) -> [SchemaRule] {
    switch schema {
    case .bool(true): return []
    case .bool(false): return [.never]
    case .object(let object):
      var source = SchemaSource(object: object, steps: steps)
      var rules = try source.scalarRules()
      rules += try containerRules(&source)
      rules += try combinations(&source)
      return rules
    default:
      throw JSONSchemaDefinitionError(path: JSONPath(steps), message: "Expected an object or a boolean")
    }
  }

  // MARK: Schemas in schemas

  private mutating func containerRules(
    _ source: inout SchemaSource
  ) throws(JSONSchemaDefinitionError) -> [SchemaRule] {
    var rules: [SchemaRule] = []
    let prefix = try places(source.schemas("prefixItems"))
    let rest = subschema(source, "items")
    if !prefix.isEmpty || rest != nil { rules.append(.elements(prefix: prefix, rest: rest)) }

    var named: [String: Int] = [:]
    for (name, schema) in try source.members("properties") where named[name] == nil {
      named[name] = place(schema, source.steps + [.key("properties"), .key(name)])
    }
    var matching: [(TextPattern, Int)] = []
    for (text, schema) in try source.members("patternProperties") {
      let steps = source.steps + [.key("patternProperties"), .key(text)]
      matching.append((try source.pattern(text, at: steps), place(schema, steps)))
    }
    let others = subschema(source, "additionalProperties")
    if !named.isEmpty || !matching.isEmpty || others != nil {
      rules.append(.members(named: named, matching: matching, others: others))
    }
    for keyword in ["$defs", "definitions"] {
      for (name, schema) in try source.members(keyword) {
        _ = place(schema, source.steps + [.key(keyword), .key(name)])
      }
    }
    return rules
  }

  private mutating func combinations(
    _ source: inout SchemaSource
  ) throws(JSONSchemaDefinitionError) -> [SchemaRule] {
    var rules: [SchemaRule] = []
    if let reference = try source.text("$ref") {
      rules.append(.reference(try resolve(reference, at: source.steps + [.key("$ref")])))
    }
    let all = try places(source.schemas("allOf"))
    if !all.isEmpty { rules.append(.all(all)) }
    let any = try places(source.schemas("anyOf"))
    if !any.isEmpty { rules.append(.any(any)) }
    let one = try places(source.schemas("oneOf"))
    if !one.isEmpty { rules.append(.one(one)) }
    if let not = subschema(source, "not") { rules.append(.not(not)) }
    return rules
  }

  private mutating func places(_ schemas: [(JSONValue, [JSONPath.Step])]) -> [Int] {
    schemas.map { place($0.0, $0.1) }
  }

  private mutating func subschema(_ source: SchemaSource, _ keyword: String) -> Int? {
    guard let schema = source.object[keyword] else { return nil }
    return place(schema, source.steps + [.key(keyword)])
  }

  // MARK: References

  /// The schema at a JSON Pointer (RFC 6901) in a URI fragment.
  private mutating func resolve(
    _ reference: String, at steps: [JSONPath.Step]
  ) throws(JSONSchemaDefinitionError) -> Int {
    func error(_ message: String) -> JSONSchemaDefinitionError {
      JSONSchemaDefinitionError(path: JSONPath(steps), message: message)
    }
    guard reference == "#" || reference.hasPrefix("#/"), let pointer = percentDecoded(reference.dropFirst())
    else { throw error("Only references within the schema are known, such as #/$defs/name") }
    var value = root
    var target: [JSONPath.Step] = []
    for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let name = unescaped(part)
      let step: JSONPath.Step
      if case .array = value, let index = Int(name) { step = .index(index) } else { step = .key(name) }
      guard let next = value[JSONPath([step])] else { throw error("There is no \(reference)") }
      value = next
      target.append(step)
    }
    return place(value, target)
  }

  private func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let decoded = UInt8(String(Substring(rest.prefix(2))), radix: 16) else {
        return nil
      }
      bytes.append(decoded)
      rest.removeFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private func unescaped(_ part: Substring) -> String {
    var name = ""
    var rest = part
    while let character = rest.popFirst() {
      if character == "~", let code = rest.first, code == "0" || code == "1" {
        rest.removeFirst()
        name.append(code == "0" ? "~" : "/")
      } else {
        name.append(character)
      }
    }
    return name
  }

  /// Refuses schemas that come back to themselves without going deeper into the value.
  private func refuseCycles() throws(JSONSchemaDefinitionError) {
    // Removes schemas whose schemas in place are all removed; what remains lies on a cycle or leads to one.
    var users: [[Int]] = Array(repeating: [], count: nodes.count)
    var waiting = nodes.map(\.inPlace.count)
    for (place, node) in nodes.enumerated() {
      for other in node.inPlace { users[other].append(place) }
    }
    var free = waiting.indices.filter { waiting[$0] == 0 }
    while let place = free.popLast() {
      for user in users[place] {
        waiting[user] -= 1
        if waiting[user] == 0 { free.append(user) }
      }
    }
    if let place = waiting.firstIndex(where: { $0 > 0 }) {
      throw JSONSchemaDefinitionError(path: nodes[place].path, message: "Refers to itself without end")
    }
  }
}
