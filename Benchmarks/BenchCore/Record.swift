public import Signalbox

/// A run as it is kept in JSON: `Benchmarks/baseline.json` is the last committed one.
public struct Record: Sendable {
  public var date = ""
  public var kernel = ""
  public var cores = 0
  public var rounds = 0
  public var seconds = 0.0
  /// How each case is measured, by its name.
  public var methods: [(String, String)] = []
  public var figures: [Figure] = []
  public var absences: [Absence] = []

  public init() {}

  /// Of a file; rows that cannot be read are left out.
  public init(_ json: JSONValue) {
    self.init()
    date = json["date"]?.string ?? ""
    kernel = json["kernel"]?.string ?? ""
    if case .object(let object)? = json["methods"] {
      methods = object.members.map { ($0.0, $0.1.string ?? "") }
    }
    guard case .array(let rows)? = json["rows"] else { return }
    figures = rows.compactMap(Self.figure)
  }

  /// The last figure of that name.
  public func spread(of figure: Figure) -> Spread? {
    figures.last { $0.case == figure.case && $0.name == figure.name && $0.unit == figure.unit }?.spread
  }

  /// This run, and of cases that were not run what an earlier one found; the cases in this order.
  public func completed(by earlier: Record, order: [String]) -> Record {
    let run = Set(figures.map(\.case) + absences.map(\.case))
    var whole = self
    let kept = earlier.figures.filter { !run.contains($0.case) }
    whole.figures = order.flatMap { name in (figures + kept).filter { $0.case == name } }
    let known = Set(methods.map(\.0))
    whole.methods = earlier.methods.filter { !known.contains($0.0) } + methods
    return whole
  }

  private static func figure(_ row: JSONValue) -> Figure? {
    guard let name = row["case"]?.string, let figure = row["figure"]?.string, let unit = row["unit"]?.string,
      let value = row["value"]?.number
    else { return nil }
    let spread = Spread(
      median: value, low: row["low"]?.number ?? value, high: row["high"]?.number ?? value)
    return Figure(
      case: name, name: figure, unit: unit, spread: spread, goal: row["goal"]?.number,
      better: row["better"]?.string.flatMap { Better(rawValue: $0) } ?? .neither)
  }

  public var json: JSONValue {
    .object(
      JSONObject([
        ("date", .string(date)), ("kernel", .string(kernel)), ("cores", .int(Int64(cores))),
        ("rounds", .int(Int64(rounds))), ("seconds", .double(seconds)),
        ("methods", .object(JSONObject(methods.map { ($0.0, .string($0.1)) }))),
        ("rows", .array(figures.map(Self.row))),
        (
          "absent",
          .array(
            absences.map {
              ["case": .string($0.case), "figure": .string($0.name), "reason": .string($0.reason)]
            })
        ),
      ]))
  }

  private static func row(_ figure: Figure) -> JSONValue {
    [
      "case": .string(figure.case), "figure": .string(figure.name), "value": .double(figure.spread.median),
      "low": .double(figure.spread.low), "high": .double(figure.spread.high), "unit": .string(figure.unit),
      "goal": figure.goal.map { .double($0) } ?? .null, "met": figure.isMet.map { .bool($0) } ?? .null,
      "better": .string(figure.better.rawValue),
    ]
  }

  /// A row a line, so that a change of the file can be read.
  public var text: String {
    json.description.replacing("{\"case\"", with: "\n{\"case\"").replacing("\"rows\"", with: "\n\"rows\"")
      + "\n"
  }
}

extension JSONValue {
  /// Of an integer or a fraction.
  public var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }
}
