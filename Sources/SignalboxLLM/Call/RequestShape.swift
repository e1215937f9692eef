internal import JSONScan
internal import Wire

/// Where a request of a format says what.
struct RequestShape {
  /// Where the model's name lies in a path that holds it.
  struct ModelPath {
    /// What stands before the name.
    var prefix: StaticString
    /// The last byte of this kind ends it.
    var end: UInt8
  }

  /// The members that may hold what the model is given; the first that is there counts.
  var input: [StaticString] = ["messages"]
  /// The member that holds instructions beside the input.
  var system: StaticString?
  /// Paths to the names of the tools that are offered; a step into an array is one into each of its elements.
  var tools: [[StaticString]] = []
  /// Where the path names the model; nil: the member `model` does.
  var model: ModelPath?
  /// Paths that end so ask for a stream; nil: the member `stream` does.
  var streamSuffix: StaticString?
  /// Whether a request that does not say gets a stream.
  var streamsByDefault = false

  init(_ format: ReplyFormat) {
    switch format {
    case .messages:
      system = "system"
      tools = [["tools", "name"]]
    case .converse:
      system = "system"
      tools = [["toolConfig", "tools", "toolSpec", "name"]]
      model = ModelPath(prefix: "/model/", end: UInt8(ascii: "/"))
      streamSuffix = "/converse-stream"
    default:
      tools = [
        ["tools", "function", "name"], ["tools", "custom", "name"], ["tools", "name"], ["functions", "name"],
      ]
    }
  }

  /// What the model is given.
  func input(of root: JSONValueView) -> JSONValueView? {
    for name in input { if let value = root[name], !value.isNull { return value } }
    return nil
  }

  func system(of root: JSONValueView) -> JSONValueView? {
    system.flatMap { root[$0] }.flatMap { $0.isNull ? nil : $0 }
  }

  /// Calls the closure with the name of every tool.
  func forEachTool(of root: JSONValueView, _ body: (JSONValueView) -> Void) {
    for path in tools { Self.walk(root, path[...], body) }
  }

  private static func walk(
    _ value: JSONValueView, _ path: ArraySlice<StaticString>, _ body: (JSONValueView) -> Void
  ) {
    if value.kind == .array { return value.forEachElement { walk($0, path, body) } }
    guard let step = path.first else {
      if value.kind == .string { body(value) }
      return
    }
    if let next = value[step] { walk(next, path.dropFirst(), body) }
  }

  func isStream(_ root: JSONValueView, endpoint: UnsafeRawBufferPointer) -> Bool {
    if let streamSuffix { return endpoint.hasSuffix(streamSuffix) }
    return root["stream"]?.bool ?? streamsByDefault
  }

  /// The model that is asked for, as the inside of a JSON string; nil when there is none that fits a label.
  func model(_ root: JSONValueView, endpoint: UnsafeRawBufferPointer) -> [UInt8]? {
    guard let model else { return root["model"]?.label }
    guard let name = Self.name(in: endpoint, at: model), 1...EventRules.labelLength ~= name.utf8.count else {
      return nil
    }
    var writer = ByteWriter(capacity: name.utf8.count + 2)
    writer.append(jsonString: name)
    return Array(writer.raw.dropFirst().dropLast())
  }

  private static func name(in endpoint: UnsafeRawBufferPointer, at place: ModelPath) -> String? {
    let prefix = UnsafeRawBufferPointer(
      start: place.prefix.utf8Start, count: place.prefix.utf8CodeUnitCount)
    guard let end = endpoint.lastIndex(of: place.end), end > prefix.count,
      let start = (0..<end - prefix.count).last(where: { endpoint[$0...].starts(with: prefix) })
    else { return nil }
    return HTTPQuery.decode(
      UnsafeRawBufferPointer(rebasing: endpoint[(start + prefix.count)..<end]), plusIsSpace: false)
  }

  /// Members that have a place of their own in the event.
  func isTold(_ key: UnsafeRawBufferPointer) -> Bool {
    key.elementsEqual("model") || key.elementsEqual("stream") || input.contains { key.elementsEqual($0) }
      || system.map { key.elementsEqual($0) } ?? false
      || tools.contains { $0.first.map { key.elementsEqual($0) } ?? false }
  }
}
