internal import Wire

extension ContentPolicy {
  /// Why a file of rules is not taken.
  public struct Invalid: Error, Sendable, CustomStringConvertible {
    /// The member that is wrong, such as `patterns[0].pattern`; empty for the file as a whole.
    public let field: String
    public let message: String

    public var description: String { field.isEmpty ? message : "\(field): \(message)" }
  }

  /// Most patterns, rules and fields of a policy, each.
  static let most = 64

  /// Reads `{"content", "rules", "detectors", "patterns", "fields"}`, all of them optional.
  ///
  /// - Parameter mode: what counts where the text says no `content`; default: redacted.
  public init(parsing text: String, mode: ContentMode = .redacted) throws(Invalid) {
    let value: JSONValue
    do { value = try JSONValue(parsing: text) } catch {
      throw Invalid(field: "", message: "It is not JSON: \(error)")
    }
    guard case .object(let object) = value else {
      throw Invalid(field: "", message: "It must be a JSON object")
    }
    self.init(mode)
    var detectors = Set(Detector.allCases)
    var patterns: [(String, BytePattern)] = []
    for (name, value) in object.members {
      switch name {
      case "content": self.mode = try Self.mode(value, "content")
      case "rules": rules = try Self.each(value, "rules", Self.rule)
      case "detectors": detectors = Set(try Self.each(value, "detectors", Self.detector))
      case "patterns": patterns = try Self.each(value, "patterns", Self.pattern)
      case "fields": fields = try Self.each(value, "fields", Self.path)
      default:
        throw Invalid(
          field: name, message: "It is not known; there are content, rules, detectors, patterns and fields")
      }
    }
    for (place, pattern) in patterns.enumerated() {
      let isTaken = patterns[..<place].contains { $0.0 == pattern.0 }
      guard !isTaken, Detector(rawValue: pattern.0) == nil else {
        throw Invalid(
          field: "patterns[\(place)].name", message: "\(pattern.0) is the name of another detector")
      }
    }
    set = RedactionSet(detectors, patterns: patterns)
  }

  private static func each<Item>(
    _ value: JSONValue, _ field: String, _ read: (JSONValue, String) throws(Invalid) -> Item
  ) throws(Invalid) -> [Item] {
    guard case .array(let elements) = value, elements.count <= most else {
      throw Invalid(field: field, message: "It must be an array of at most \(most)")
    }
    var items: [Item] = []
    for (place, element) in elements.enumerated() { items.append(try read(element, "\(field)[\(place)]")) }
    return items
  }

  private static func mode(_ value: JSONValue, _ field: String) throws(Invalid) -> ContentMode {
    guard let mode = value.string.flatMap(ContentMode.init(rawValue:)) else {
      throw Invalid(field: field, message: "It must be full, redacted or metadata")
    }
    return mode
  }

  private static func rule(_ value: JSONValue, _ field: String) throws(Invalid) -> Rule {
    guard case .object(let object) = value else {
      throw Invalid(
        field: field,
        message: "It must be an object, such as {\"type\": \"health.*\", \"content\": \"metadata\"}")
    }
    guard let content = object["content"] else {
      throw Invalid(field: field + ".content", message: "It is missing: full, redacted or metadata")
    }
    var rule = Rule(mode: try mode(content, field + ".content"))
    for (name, value) in object.members where name != "content" {
      let place = "\(field).\(name)"
      guard let text = value.string, !text.isEmpty, text.utf8.count <= 256 else {
        throw Invalid(field: place, message: "It must be a string of 1 to 256 bytes, in which * is anything")
      }
      switch name {
      case "identity": rule.identity = Array(text.utf8)
      case "service": rule.service = Array(text.utf8)
      case "type": rule.type = Array(text.utf8)
      default:
        throw Invalid(field: place, message: "It is not known; there are identity, service, type and content")
      }
    }
    guard rule.identity != nil || rule.service != nil || rule.type != nil else {
      throw Invalid(
        field: field, message: "It names no identity, service or type; for all events use content")
    }
    return rule
  }

  private static func detector(_ value: JSONValue, _ field: String) throws(Invalid) -> Detector {
    guard let detector = value.string.flatMap(Detector.init(rawValue:)), detector != .field else {
      let names = Detector.allCases.filter { $0 != .field }.map(\.rawValue).joined(separator: ", ")
      throw Invalid(field: field, message: "It must be one of \(names)")
    }
    return detector
  }

  private static func pattern(_ value: JSONValue, _ field: String) throws(Invalid) -> (String, BytePattern) {
    guard case .object(let object) = value else {
      throw Invalid(
        field: field,
        message: "It must be an object, such as {\"name\": \"staff\", \"pattern\": \"EMP-\\\\d{6}\"}")
    }
    for (name, _) in object.members where !["name", "pattern", "ignore_case"].contains(name) {
      throw Invalid(
        field: "\(field).\(name)", message: "It is not known; there are name, pattern and ignore_case")
    }
    guard let name = object["name"]?.string, 1...32 ~= name.utf8.count,
      name.utf8.allSatisfy({ 97...122 ~= $0 || 48...57 ~= $0 || $0 == 95 })
    else { throw Invalid(field: field + ".name", message: "It must have 1 to 32 of a-z 0-9 _") }
    var ignoresCase = false
    if let value = object["ignore_case"] {
      guard case .bool(let flag) = value else {
        throw Invalid(field: field + ".ignore_case", message: "It must be true or false")
      }
      ignoresCase = flag
    }
    guard let text = object["pattern"]?.string else {
      throw Invalid(field: field + ".pattern", message: "It must be a string, such as EMP-\\d{6}")
    }
    do throws(BytePattern.Invalid) {
      return (name, try BytePattern(text, ignoresCase: ignoresCase))
    } catch {
      throw Invalid(field: field + ".pattern", message: "\(error)")
    }
  }

  private static func path(_ value: JSONValue, _ field: String) throws(Invalid) -> FieldPath {
    guard let path = value.string.flatMap(FieldPath.init) else {
      throw Invalid(
        field: field, message: "It must be a path of 1 to 16 names, such as data.input.ssn or *.password")
    }
    return path
  }
}
