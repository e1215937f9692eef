internal import JSONScan
internal import Signalbox
internal import Wire

/// Writes a request's JSON, with the commas where they belong and the caller's own members merged in.
struct BodyWriter: ~Copyable {
  private var bytes = ByteWriter(capacity: 4096)
  private var needsComma = false
  /// What the caller wants in the objects that are open, the innermost last.
  private var extras: [Extra] = []

  private struct Extra {
    var members: JSONObject
    /// Members that were merged into an object of ours.
    var merged: Set<String> = []
  }

  /// Writes one object: what `body` writes, with `extra` merged in.
  static func object(merging extra: JSONObject, _ body: (inout BodyWriter) -> Void) -> SharedBytes {
    var writer = BodyWriter()
    writer.open(Extra(members: extra))
    body(&writer)
    writer.close()
    return writer.bytes.takeShared()
  }

  // MARK: Members of an object

  mutating func member(_ name: StaticString, _ value: String?) {
    guard let value, key(name) else { return }
    bytes.append(jsonString: value)
  }

  mutating func member(_ name: StaticString, _ value: Int?) {
    guard let value, key(name) else { return }
    bytes.append(decimal: value)
  }

  mutating func member(_ name: StaticString, _ value: Double?) {
    guard let value, key(name) else { return }
    bytes.append(json: value)
  }

  mutating func member(_ name: StaticString, _ value: Bool?) {
    guard let value, key(name) else { return }
    bytes.append(json: value)
  }

  mutating func member(_ name: StaticString, _ value: [String]?) {
    guard let value else { return }
    array(name, value) { $0.element($1) }
  }

  mutating func member(_ name: StaticString, json value: JSONValue?) {
    guard let value, key(name) else { return }
    bytes.append(json: value)
  }

  mutating func member(_ name: StaticString, _ value: [String: String]) {
    guard !value.isEmpty, key(name) else { return }
    bytes.append(json: JSONObject(value.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }

  /// A JSON text that a model wrote as a tool's arguments, as the object that it should be.
  mutating func member(_ name: StaticString, arguments text: String) {
    guard key(name) else { return }
    let parser = JSONParser()
    // What is scanned lies in the parser.
    let isObject = withExtendedLifetime(parser) {
      guard let root = try? parser.scan(text).root, root.kind == .object else { return false }
      bytes.append(root.json)
      return true
    }
    if isObject { return }
    if text.trimmed.isEmpty {
      bytes.append("{}")
    } else {
      // The model wrote no object; what it wrote is kept where providers take nothing but one.
      bytes.append(json: ["arguments": .string(text)] as JSONObject)
    }
  }

  /// Bytes in base64 behind a prefix.
  mutating func member(_ name: StaticString, _ prefix: String = "", base64 value: [UInt8]) {
    guard key(name) else { return }
    bytes.append(jsonString: prefix)
    bytes.truncate(to: bytes.count - 1)
    bytes.append(base64: value)
    bytes.append(UInt8(ascii: "\""))
  }

  /// An object; one that is `optional` is left out when nothing is written into it.
  mutating func object(
    _ name: StaticString, optional isOptional: Bool = false, _ body: (inout BodyWriter) -> Void
  ) {
    let (start, neededComma) = (bytes.count, needsComma)
    var extra = Extra(members: [:])
    if let last = extras.indices.last, !extras[last].members.members.isEmpty {
      let name = name.description
      switch extras[last].members[name] {
      case .object(let members)?:
        extras[last].merged.insert(name)
        extra.members = members
      case .some: return
      case nil: break
      }
    }
    write(key: name)
    open(extra)
    let inside = bytes.count
    body(&self)
    close()
    if isOptional, bytes.count == inside + 1 {
      bytes.truncate(to: start)
      needsComma = neededComma
    }
  }

  /// An array; for each value `body` writes any number of elements.
  mutating func array<Element>(
    _ name: StaticString, _ values: [Element], _ body: (inout BodyWriter, Element) -> Void
  ) {
    guard key(name) else { return }
    bytes.append(UInt8(ascii: "["))
    needsComma = false
    for value in values { body(&self, value) }
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  // MARK: Elements of an array

  mutating func element(_ body: (inout BodyWriter) -> Void) {
    separate()
    open(Extra(members: [:]))
    body(&self)
    close()
  }

  mutating func element(_ text: String) {
    separate()
    bytes.append(jsonString: text)
    needsComma = true
  }

  mutating func element(base64 value: [UInt8]) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(base64: value)
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  // MARK: Underneath

  /// Writes a key unless the caller's own member takes its place.
  private mutating func key(_ name: StaticString) -> Bool {
    if let extra = extras.last, !extra.members.members.isEmpty, extra.members[name.description] != nil {
      return false
    }
    write(key: name)
    return true
  }

  private mutating func write(key name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(name)
    bytes.append("\":")
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func open(_ extra: Extra) {
    extras.append(extra)
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
  }

  private mutating func close() {
    let extra = extras.removeLast()
    for (name, value) in extra.members.members where !extra.merged.contains(name) {
      separate()
      bytes.append(jsonString: name)
      bytes.append(UInt8(ascii: ":"))
      bytes.append(json: value)
      needsComma = true
    }
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }
}
