/// The types of events that an application has: what each means, and what its data holds.
///
/// ```swift
/// let types: EventTypes = [
///   .event("rag.retrieval.complete", "Documents were found", ["num_docs": "how many", "query": "what for"]),
///   .span("rerank", "Documents are put in order"),
/// ]
/// configuration.types = types          // of the emitter: the server is told, and what is not declared is reported
/// ```
public struct EventTypes: Sendable, Hashable {
  /// In the order in which they were declared; of a name the first.
  public private(set) var declarations: [EventDeclaration] = []
  private var names: Set<String> = []
  private var kinds: Set<String> = []
  /// What is wrong with the names: see `EventType.problem(with:)`, and names that were declared twice.
  public private(set) var problems: [String] = []

  public init(_ declarations: [EventDeclaration] = []) {
    for declaration in declarations { add(declaration) }
  }

  /// These and those.
  public func merging(_ other: EventTypes) -> EventTypes {
    var merged = self
    for declaration in other.declarations where merged[declaration.name] == nil { merged.add(declaration) }
    return merged
  }

  private mutating func add(_ declaration: EventDeclaration) {
    let name = declaration.name
    if let problem = EventType.problem(with: name) { problems.append(problem) }
    let isNew = declaration.isSpan ? kinds.insert(name).inserted : names.insert(name).inserted
    guard isNew else {
      problems.append("\"\(name)\" is declared twice")
      return
    }
    declarations.append(declaration)
  }

  /// What a type of that name is declared as; nil: it is not.
  public subscript(name: String) -> EventDeclaration? { declarations.first { $0.name == name } }

  /// Whether an event of that type is declared, as itself or as one of a span's.
  public func declares(_ type: String) -> Bool {
    if names.contains(type) { return true }
    guard let dot = type.lastIndex(of: ".") else { return false }
    return kinds.contains(String(type[..<dot])) && SpanKind.phases.contains(type[type.index(after: dot)...])
  }
}

extension EventTypes: ExpressibleByArrayLiteral {
  public init(arrayLiteral declarations: EventDeclaration...) { self.init(declarations) }
}

/// One type of events, or one kind of spans with all its events.
public struct EventDeclaration: Sendable, Hashable {
  /// The type; of a span, its kind: `rerank` stands for `rerank.start`, `rerank.end` and so on.
  public var name: String
  /// It stands for a kind of spans.
  public var isSpan: Bool
  /// What it says, in a sentence.
  public var meaning: String
  /// The members of its data, and what each means.
  public var fields: [Field]

  /// A member of `data`.
  public struct Field: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// What it holds, in a sentence.
    public var meaning: String

    public init(_ name: String, _ meaning: String) {
      self.name = name
      self.meaning = meaning
    }
  }

  private init(_ name: String, isSpan: Bool, _ meaning: String, _ fields: KeyValuePairs<String, String>) {
    // A mistake in the source, like an identity that is none.
    precondition(
      EventType(validating: name) != nil,
      "\"\(name)\" is no event type: write 1 to 128 of A-Z a-z 0-9 _ . : / -")
    self.name = name
    self.isSpan = isSpan
    self.meaning = meaning
    self.fields = fields.map { Field($0.key, $0.value) }
  }

  /// One that somebody else declared; nil when its name cannot be a type.
  package init?(name: String, isSpan: Bool, meaning: String, fields: [Field]) {
    guard EventType(validating: name) != nil else { return nil }
    self.name = name
    self.isSpan = isSpan
    self.meaning = meaning
    self.fields = fields
  }

  /// An event. The program stops when the name cannot be a type.
  public static func event(
    _ name: String, _ meaning: String, _ fields: KeyValuePairs<String, String> = [:]
  ) -> EventDeclaration {
    EventDeclaration(name, isSpan: false, meaning, fields)
  }

  /// A kind of spans. The program stops when the name cannot be a type.
  public static func span(
    _ kind: String, _ meaning: String, _ fields: KeyValuePairs<String, String> = [:]
  ) -> EventDeclaration {
    EventDeclaration(kind, isSpan: true, meaning, fields)
  }

  /// As `signalbox.types` carries it.
  var json: JSONValue {
    var object: JSONObject = ["name": .string(name), "meaning": .string(meaning)]
    if isSpan { object["span"] = true }
    if !fields.isEmpty {
      object["fields"] = .object(JSONObject(fields.map { ($0.name, .string($0.meaning)) }))
    }
    return .object(object)
  }
}

extension SpanKind {
  /// The last parts of a span's types.
  package static let phases = Set(EventPhase.allCases.map { Substring($0.rawValue) })
}

extension EventType {
  /// What is wrong with a name, in a sentence that says how to write it; nil when it is as it should be: lower-case
  /// words of letters, digits and `_`, joined by dots, general before special.
  public static func problem(with name: String) -> String? {
    guard EventType(validating: name) != nil else {
      return "\"\(name)\" is no event type and would be sent as \"\(EventType(repairing: name))\": "
        + "write 1 to 128 of A-Z a-z 0-9 _ . : / -"
    }
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    let isGood = words.allSatisfy { word in
      guard let first = word.utf8.first, 97...122 ~= first else { return false }
      return word.utf8.allSatisfy { 97...122 ~= $0 || 48...57 ~= $0 || $0 == 95 }
    }
    guard !isGood else { return nil }
    return
      "\"\(name)\" is unusual: write lower-case words joined by dots, such as \"\(suggestion(for: name))\""
  }

  /// `RAG-Retrieval` becomes `rag.retrieval`.
  private static func suggestion(for name: String) -> String {
    let words = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }
    let kept = words.map { $0.drop { !$0.isLetter } }.filter { !$0.isEmpty }
    return kept.isEmpty ? "cache.hit" : kept.joined(separator: ".")
  }
}
