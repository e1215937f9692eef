internal import JSONScan
internal import Signalbox
internal import Wire

/// Signalbox's types, those that applications declare, and those that were seen and that nobody declared.
struct TypeList {
  /// Declarations of applications; more are left out.
  private static let limit = 10_000
  private static let fieldLimit = 64
  /// Bytes of a sentence.
  private static let textLimit = 1000

  private var declared: [EventDeclaration] = []
  private var names: Set<String> = []
  private var seen: Set<String>

  init(seen: Set<String>) { self.seen = seen }

  /// Takes an event `signalbox.types`. The newest comes first: of a name the first declaration counts.
  mutating func take(_ event: JSONValueView) {
    guard event["type"]?.string == "signalbox.types" else { return }
    event["data"]?["types"]?.forEachElement { item in
      guard declared.count < Self.limit, let name = item["name"]?.string,
        let declaration = EventDeclaration(
          name: name, isSpan: item["span"]?.kind == .true, meaning: Self.text(item["meaning"]),
          fields: Self.fields(item["fields"])),
        names.insert(declaration.isSpan ? name + ".*" : name).inserted
      else { return }
      declared.append(declaration)
    }
  }

  private static func text(_ view: JSONValueView?) -> String {
    (view?.string ?? "").shortened(to: textLimit).text
  }

  private static func fields(_ view: JSONValueView?) -> [EventDeclaration.Field] {
    var fields: [EventDeclaration.Field] = []
    view?.forEachMember { key, value in
      guard fields.count < fieldLimit, let name = key.string else { return }
      fields.append(.init(name.shortened(to: 128).text, text(value)))
    }
    return fields
  }

  /// `{"types":[{"name","origin","span"?,"meaning"?,"fields"?,"seen","problem"?}]}`: Signalbox's own, then the
  /// applications', then those that were only seen, each by name.
  func write(to json: inout ByteWriter) {
    let app = EventTypes(declared.sorted { $0.name < $1.name })
    json.append("{\"types\":[")
    var isFirst = true
    for declaration in EventTypes.signalbox.declarations {
      json.separate(&isFirst)
      write(declaration, origin: "signalbox", to: &json)
    }
    for declaration in app.declarations {
      json.separate(&isFirst)
      write(declaration, origin: "app", to: &json)
    }
    for name in seen.sorted() where !app.declares(name) && !EventTypes.signalbox.declares(name) {
      json.separate(&isFirst)
      json.append("{\"name\":")
      json.append(jsonString: name)
      json.append(",\"origin\":\"seen\",\"seen\":true")
      json.append(problemOf: name)
      json.append("}")
    }
    json.append("]}")
  }

  private func write(_ declaration: EventDeclaration, origin: StaticString, to json: inout ByteWriter) {
    json.append("{\"name\":")
    json.append(jsonString: declaration.name)
    json.append(",\"origin\":\"")
    json.append(origin)
    json.append("\"")
    if declaration.isSpan { json.append(",\"span\":true") }
    if !declaration.meaning.isEmpty {
      json.append(",\"meaning\":")
      json.append(jsonString: declaration.meaning)
    }
    if !declaration.fields.isEmpty {
      json.append(",\"fields\":")
      json.append(json: JSONObject(declaration.fields.map { ($0.name, .string($0.meaning)) }))
    }
    json.append(isSeen(declaration) ? ",\"seen\":true" : ",\"seen\":false")
    json.append(problemOf: declaration.name)
    json.append("}")
  }

  private func isSeen(_ declaration: EventDeclaration) -> Bool {
    guard declaration.isSpan else { return seen.contains(declaration.name) }
    return SpanKind.phases.contains { seen.contains("\(declaration.name).\($0)") }
  }
}

extension ByteWriter {
  fileprivate mutating func separate(_ isFirst: inout Bool) {
    if !isFirst { append(UInt8(ascii: ",")) }
    isFirst = false
  }

  fileprivate mutating func append(problemOf name: String) {
    guard let problem = EventType.problem(with: name) else { return }
    append(",\"problem\":")
    append(jsonString: problem)
  }
}
