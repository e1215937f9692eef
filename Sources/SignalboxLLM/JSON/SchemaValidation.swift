import Signalbox

/// One check of a value.
struct SchemaValidation {
  let nodes: [SchemaNode]
  private var steps: [JSONPath.Step] = []
  private var depth = 0
  /// Work done so far: schemas looked at, values compared, states of patterns.
  private var work = 0

  private static let depthLimit = 256
  private static let workLimit = 2_000_000

  init(nodes: [SchemaNode]) { self.nodes = nodes }

  mutating func check(_ value: JSONValue, _ place: Int) throws(JSONSchemaError) {
    depth += 1
    defer { depth -= 1 }
    work += 1
    guard depth <= Self.depthLimit else { throw error(JSONSchemaError.limit, "nests too deeply", value) }
    try checkWork(value)
    for rule in nodes[place].rules {
      switch value {
      case .string(let text): try check(text: text, rule)
      case .int, .double: try check(number: value, rule)
      case .array(let elements): try check(elements: elements, rule)
      case .object(let object): try check(object: object, rule)
      case .null, .bool: break
      }
      try checkAny(value, rule)
      try checkWork(value)
    }
  }

  private func checkWork(_ value: JSONValue) throws(JSONSchemaError) {
    guard work > Self.workLimit else { return }
    throw error(JSONSchemaError.limit, "takes too long to check", value)
  }

  private func error(_ rule: String, _ message: String, _ found: JSONValue) -> JSONSchemaError {
    error(rule, message, found: found.summary)
  }

  private func error(_ rule: String, _ message: String, found: String) -> JSONSchemaError {
    JSONSchemaError(path: JSONPath(steps), rule: rule, message: message, found: found)
  }

  /// The rules for values of every kind.
  private mutating func checkAny(_ value: JSONValue, _ rule: SchemaRule) throws(JSONSchemaError) {
    switch rule {
    case .never: throw error("false", "must not be there", value)
    case .types(let types):
      if types.isDisjoint(with: JSONTypes(of: value)) {
        throw error("type", "must be \(types.phrase)", value)
      }
    case .values(let values, let keyword):
      let canonical = value.canonical(counting: &work)
      guard values.contains(canonical) else {
        let list = values.prefix(8).map(\.summary).joined(separator: ", ") + (values.count > 8 ? ", …" : "")
        throw error(keyword, values.count == 1 ? "must be \(list)" : "must be one of \(list)", value)
      }
    case .reference(let place): try check(value, place)
    case .all(let places): for place in places { try check(value, place) }
    case .any(let places): try checkAny(of: places, value)
    case .one(let places): try checkOne(of: places, value)
    case .not(let place):
      if try mismatch(value, place) == nil { throw error("not", "must not match the schema in not", value) }
    default: break
    }
  }

  // MARK: Combinations

  /// Why the value does not match; `nil` when it does. Throws at a limit only.
  private mutating func mismatch(_ value: JSONValue, _ place: Int) throws(JSONSchemaError) -> JSONSchemaError?
  {
    let count = steps.count
    do {
      try check(value, place)
      return nil
    } catch {
      guard error.rule != JSONSchemaError.limit else { throw error }
      // Saying why something does not match costs more than finding it out.
      work += 50
      steps.removeLast(steps.count - count)
      return error
    }
  }

  private mutating func checkAny(of places: [Int], _ value: JSONValue) throws(JSONSchemaError) {
    var nearest: JSONSchemaError?
    for place in places {
      guard let mismatch = try mismatch(value, place) else { return }
      if mismatch.path.steps.count > nearest?.path.steps.count ?? -1 { nearest = mismatch }
    }
    throw noMatch("anyOf", nearest, value)
  }

  private mutating func checkOne(of places: [Int], _ value: JSONValue) throws(JSONSchemaError) {
    var nearest: JSONSchemaError?
    var matching: [Int] = []
    for (number, place) in places.enumerated() {
      guard let mismatch = try mismatch(value, place) else {
        matching.append(number)
        continue
      }
      if mismatch.path.steps.count > nearest?.path.steps.count ?? -1 { nearest = mismatch }
    }
    if matching.isEmpty { throw noMatch("oneOf", nearest, value) }
    if matching.count > 1 {
      let list = matching.map { String($0) }.joined(separator: ", ")
      throw error("oneOf", "must match one alternative alone and matches \(list)", value)
    }
  }

  /// The nearest alternative is the one in which the check went deepest.
  private func noMatch(_ rule: String, _ nearest: JSONSchemaError?, _ value: JSONValue) -> JSONSchemaError {
    let nearest = nearest.map { " (nearest: \($0.path) \($0.message))" } ?? ""
    return error(rule, "must match one of the alternatives" + nearest, value)
  }

  // MARK: Kinds

  private mutating func check(text: String, _ rule: SchemaRule) throws(JSONSchemaError) {
    // Counting the characters of a long text is work too.
    work += text.utf8.count >> 5
    switch rule {
    case .minLength(let count):
      if text.unicodeScalars.count < count {
        throw error("minLength", "must have at least \(count) characters", .string(text))
      }
    case .maxLength(let count):
      if text.utf8.count > count, text.unicodeScalars.count > count {
        throw error("maxLength", "must have at most \(count) characters", .string(text))
      }
    case .pattern(let pattern):
      if !pattern.matches(text, counting: &work, limit: Self.workLimit), work <= Self.workLimit {
        throw error("pattern", "must match \(pattern.text)", .string(text))
      }
    default: break
    }
  }

  private func check(number value: JSONValue, _ rule: SchemaRule) throws(JSONSchemaError) {
    guard let number = JSONNumber(value) else { return }
    switch rule {
    case .bound(let bound, let limit):
      let (holds, phrase) =
        switch bound {
        case .minimum: (!(number < limit), "at least")
        case .maximum: (!(limit < number), "at most")
        case .exclusiveMinimum: (limit < number, "more than")
        case .exclusiveMaximum: (number < limit, "less than")
        }
      if !holds { throw error(bound.rawValue, "must be \(phrase) \(limit.json)", value) }
    case .multiple(let divisor):
      if !number.isMultiple(of: divisor) {
        throw error("multipleOf", "must be a multiple of \(divisor.json)", value)
      }
    default: break
    }
  }

  private mutating func check(elements: [JSONValue], _ rule: SchemaRule) throws(JSONSchemaError) {
    switch rule {
    case .minItems(let count):
      if elements.count < count {
        throw error("minItems", "must have at least \(count) elements", .array(elements))
      }
    case .maxItems(let count):
      if elements.count > count {
        throw error("maxItems", "must have at most \(count) elements", .array(elements))
      }
    case .uniqueItems:
      var seen: [JSONValue: Int] = [:]
      for (index, element) in elements.enumerated() {
        if let first = seen.updateValue(index, forKey: element.canonical(counting: &work)) {
          throw error(
            "uniqueItems", "must not repeat elements", found: "\(element.summary) at \(first) and \(index)")
        }
      }
    case .elements(let prefix, let rest):
      for (index, element) in elements.enumerated() {
        guard let place = index < prefix.count ? prefix[index] : rest else { break }
        try check(element, place, at: .index(index))
      }
    default: break
    }
  }

  private mutating func check(object: JSONObject, _ rule: SchemaRule) throws(JSONSchemaError) {
    switch rule {
    case .required(let names):
      work += object.members.count
      let present = names.count > 4 ? Set(object.members.map(\.0)) : nil
      for name in names where !(present?.contains(name) ?? (object[name] != nil)) {
        throw error("required", "must have the member \(JSONValue.string(name))", .object(object))
      }
    case .members(let named, let matching, let others):
      for (name, value) in object.members {
        var isKnown = false
        if let place = named[name] {
          isKnown = true
          try check(value, place, at: .key(name))
        }
        for (pattern, place) in matching where pattern.matches(name, counting: &work, limit: Self.workLimit) {
          isKnown = true
          try check(value, place, at: .key(name))
        }
        if !isKnown, let others { try checkOther(value, others, at: .key(name)) }
      }
    default: break
    }
  }

  private mutating func check(
    _ value: JSONValue, _ place: Int, at step: JSONPath.Step
  ) throws(JSONSchemaError) {
    steps.append(step)
    try check(value, place)
    steps.removeLast()
  }

  /// A member that no property names; where `additionalProperties` is `false`, the error says so.
  private mutating func checkOther(
    _ value: JSONValue, _ place: Int, at step: JSONPath.Step
  ) throws(JSONSchemaError) {
    if case .never? = nodes[place].rules.first {
      steps.append(step)
      throw error("additionalProperties", "must not be there", value)
    }
    try check(value, place, at: step)
  }
}
