/// The results as people read them.
public enum Table {
  /// A line of the terminal.
  public static func line(_ figure: Figure, _ verdict: Verdict) -> String {
    let value = figure.spread.median.short.padded(to: 9, right: true)
    let spread = figure.spread.width == 0 ? "" : " (\(range(figure.spread)))"
    let goal = figure.goal.map { "   goal \($0.short): \(figure.isMet == true ? "met" : "MISSED")" } ?? ""
    return figure.case.padded(to: 12) + figure.name.padded(to: 60) + value
      + " \(figure.unit)\(spread)\(goal)   [\(verdict.text)]"
  }

  public static func line(_ absence: Absence) -> String {
    absence.case.padded(to: 12) + absence.name.padded(to: 60) + "not measured: \(absence.reason)"
  }

  /// The table of the documents.
  public static func markdown(_ figures: [Figure], _ absences: [Absence]) -> String {
    var lines = ["| case | figure | measured | spread | goal | |", "|---|---|---:|---:|---:|---|"]
    for figure in figures {
      let spread = figure.spread.width == 0 ? "" : range(figure.spread)
      let met = figure.isMet.map { $0 ? "met" : "missed" } ?? ""
      lines.append(
        "| \(figure.case) | \(figure.name) | \(figure.spread.median.short) \(figure.unit) | \(spread) "
          + "| \(figure.goal?.short ?? "") | \(met) |")
    }
    for absence in absences {
      lines.append("| \(absence.case) | \(absence.name) | not measured: \(absence.reason) | | | |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The page with its table replaced; `nil` where it has no markers.
  public static func replaced(in page: String, by table: String) -> String? {
    let begin = "<!-- figures -->\n"
    let end = "<!-- end of figures -->"
    guard let head = page.firstRange(of: begin), let rest = page[head.upperBound...].firstRange(of: end)
    else { return nil }
    return page[..<head.upperBound] + table + page[rest.lowerBound...]
  }

  private static func range(_ spread: Spread) -> String { "\(spread.low.short) … \(spread.high.short)" }
}
