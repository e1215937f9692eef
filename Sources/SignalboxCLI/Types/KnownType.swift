import JSONScan
import Wire

/// A type of events, as `GET /v1/types` lists it.
struct KnownType: Equatable, Sendable {
  var name = ""
  /// `signalbox`, `app`, or `seen`: then nobody declared it.
  var origin = ""
  var isSpan = false
  var meaning = ""
  var fields: [String] = []
  /// What is wrong with its name.
  var problem = ""

  init(_ json: JSONValueView) {
    name = json["name"]?.string ?? ""
    origin = json["origin"]?.string ?? ""
    isSpan = json["span"]?.kind == .true
    meaning = json["meaning"]?.string ?? ""
    json["fields"]?.forEachMember { key, value in
      fields.append("\(key.string ?? ""): \(value.string ?? "")")
    }
    problem = json["problem"]?.string ?? ""
  }

  /// `rag.retrieval.complete  Documents were found`, then a line of what is in its data, and one of what is wrong.
  func lines(column: Int) -> [StyledLine] {
    var line = StyledLine()
    let shown = PlainText.line(isSpan ? name + ".*" : name)
    line.add(shown, origin == "seen" ? .yellow : .bold)
    line.add(String(repeating: " ", count: max(column - DisplayWidth.of(shown), 0) + 2))
    line.add(
      origin == "seen" ? "not declared" : PlainText.line(meaning), origin == "seen" ? .yellow : .plain)
    var lines = [line]
    func more(_ text: String, _ style: Style) {
      var line = StyledLine()
      line.add("  " + PlainText.line(text), style)
      lines.append(line)
    }
    if !fields.isEmpty { more(fields.joined(separator: " · "), .dim) }
    if !problem.isEmpty { more(problem, .yellow) }
    return lines
  }
}

/// Which types are declared, for marking those that are not.
struct KnownTypes: Sendable {
  private var names: Set<String> = []
  private var kinds: Set<String> = []
  private var declaredByApps = false

  init() {}

  /// From the answer of `GET /v1/types`.
  init(_ answer: JSONValueView) {
    answer["types"]?.forEachElement { item in
      let type = KnownType(item)
      if type.origin != "seen" { add(type.name, isSpan: type.isSpan, byApp: type.origin == "app") }
    }
  }

  /// Takes the data of an event `signalbox.types`.
  mutating func declare(_ data: JSONValueView) {
    data["types"]?.forEachElement { item in
      add(item["name"]?.string ?? "", isSpan: item["span"]?.kind == .true, byApp: true)
    }
  }

  private mutating func add(_ name: String, isSpan: Bool, byApp: Bool) {
    if isSpan { kinds.insert(name) } else { names.insert(name) }
    declaredByApps = declaredByApps || byApp
  }

  /// Whether the type is to be marked: applications declare theirs, and it is not among them. Where nobody declares
  /// any, nothing is amiss.
  func lacks(_ type: String) -> Bool {
    guard declaredByApps, !names.contains(type) else { return false }
    guard let dot = type.lastIndex(of: ".") else { return true }
    return !kinds.contains(String(type[..<dot]))
  }
}
