/// Prints a figure so that the harness finds it.
public func printFigure(_ name: String, _ value: Double, _ unit: String) {
  print("figure\t\(name)\t\(value)\t\(unit)")
}

/// A figure as a benchmark program prints it: `figure`, its name, its value and its unit, between tabs.
public struct FigureLine: Equatable, Sendable {
  public var name: String
  public var value: Double
  public var unit: String

  /// `nil` for every other line: programs also write for people.
  public init?(_ line: some StringProtocol) {
    let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "figure", !parts[1].isEmpty, let value = Double(parts[2]),
      value.isFinite
    else { return nil }
    name = String(parts[1])
    self.value = value
    unit = String(parts[3])
  }

  /// All figures in what a program has written.
  public static func all(in output: String) -> [FigureLine] {
    output.split(whereSeparator: \.isNewline).compactMap { FigureLine($0) }
  }
}
