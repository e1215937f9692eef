internal import JSONScan
internal import Wire

/// Where a request of a format says what.
struct RequestShape {
  /// Where the model's name lies in a path that holds it.
  struct ModelPath {
    /// What stands before the name.
    var prefix: StaticString
    /// The last byte of this kind behind it ends it; the first one, where more parts follow.
    var end: UInt8
    var endsAtFirst = false
  }

  /// The members that may hold what the model is given; the first that is there counts.
  var input: [StaticString] = ["messages"]
  /// The members that may hold instructions beside the input.
  var system: [StaticString] = []
  /// Paths to the names of the tools that are offered; a step into an array is one into each of its elements.
  var tools: [[StaticString]] = []
  /// Where the path names the model, unless the member `model` does.
  var model: ModelPath?
  /// Paths that end so ask for a stream; nil: the member `stream` does.
  var streamSuffix: StaticString?
  /// Whether a request that does not say gets a stream.
  var streamsByDefault = false

  init(_ format: ReplyFormat) {
    // Azure's deployments.
    model = ModelPath(prefix: "/deployments/", end: UInt8(ascii: "/"), endsAtFirst: true)
    switch format {
    case .chat:
      tools = [
        ["tools", "function", "name"], ["tools", "custom", "name"], ["tools", "name"], ["functions", "name"],
      ]
    case .completions: input = ["prompt"]
    case .embeddings: input = ["input", "prompt"]
    case .responses:
      input = ["input"]
      system = ["instructions"]
      tools = [["tools", "name"]]
    case .messages:
      system = ["system"]
      tools = [["tools", "name"]]
    case .gemini:
      input = ["contents"]
      // Google's JSON takes names of either style.
      system = ["systemInstruction", "system_instruction"]
      tools = [["tools", "functionDeclarations", "name"], ["tools", "function_declarations", "name"]]
      model = ModelPath(prefix: "/models/", end: UInt8(ascii: ":"))
      streamSuffix = ":streamGenerateContent"
    case .ollama:
      input = ["messages", "prompt"]
      system = ["system"]
      tools = [["tools", "function", "name"]]
      streamsByDefault = true
    case .converse:
      system = ["system"]
      tools = [["toolConfig", "tools", "toolSpec", "name"]]
      model = ModelPath(prefix: "/model/", end: UInt8(ascii: "/"))
      streamSuffix = "/converse-stream"
    }
  }

  /// What the model is given.
  func input(of root: JSONValueView) -> JSONValueView? { Self.first(of: input, in: root) }

  func system(of root: JSONValueView) -> JSONValueView? { Self.first(of: system, in: root) }

  private static func first(of names: [StaticString], in root: JSONValueView) -> JSONValueView? {
    for name in names { if let value = root[name], !value.isNull { return value } }
    return nil
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
    if let named = root["model"]?.label { return named }
    guard let model, let name = Self.name(in: endpoint, at: model),
      1...EventRules.labelLength ~= name.utf8.count
    else {
      return nil
    }
    var writer = ByteWriter(capacity: name.utf8.count + 2)
    writer.append(jsonString: name)
    return Array(writer.raw.dropFirst().dropLast())
  }

  private static func name(in endpoint: UnsafeRawBufferPointer, at place: ModelPath) -> String? {
    let prefix = UnsafeRawBufferPointer(
      start: place.prefix.utf8Start, count: place.prefix.utf8CodeUnitCount)
    guard endpoint.count > prefix.count,
      let found = (0..<endpoint.count - prefix.count).last(where: { endpoint[$0...].starts(with: prefix) })
    else { return nil }
    let start = found + prefix.count
    let rest = endpoint[start...]
    let end = place.endsAtFirst ? rest.firstIndex(of: place.end) : rest.lastIndex(of: place.end)
    guard let end else { return nil }
    return HTTPQuery.decode(
      UnsafeRawBufferPointer(rebasing: endpoint[start..<end]), plusIsSpace: false)
  }

  /// Members that have a place of their own in the event.
  func isTold(_ key: UnsafeRawBufferPointer) -> Bool {
    key.elementsEqual("model") || key.elementsEqual("stream") || input.contains { key.elementsEqual($0) }
      || system.contains { key.elementsEqual($0) }
      || tools.contains { $0.first.map { key.elementsEqual($0) } ?? false }
  }
}
