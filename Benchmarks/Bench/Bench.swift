import BenchCore
import Glibc

/// One run: what was asked for, what was found so far.
final class Bench {
  let options: Options
  let baseline: Record?
  private(set) var record = Record()
  /// Cases that Signalbox itself did not get through.
  private(set) var failed: [String] = []
  private var current = ""
  private var folders = 0

  init(_ options: Options, baseline: Record?) {
    self.options = options
    self.baseline = baseline
    record.date = Clock.date
    record.kernel = Machine.kernel
    record.cores = Machine.cores
    record.rounds = options.rounds
    record.seconds = options.seconds
  }

  var rounds: Int { options.rounds }
  var seconds: Double { options.seconds }

  /// Runs a case; what it could not measure becomes a row that says so.
  func run(_ chosen: Case) {
    current = chosen.name
    record.methods.append((chosen.name, chosen.method))
    let began = Clock.now
    do { try chosen.body(self) } catch {
      if (error as? Failure)?.isPeers != true { failed.append(current) }
      absent("all of it", "\(error)")
    }
    progress("took \((Clock.now - began).fixed(0)) s")
  }

  /// A figure from the values of its rounds.
  func add(
    _ name: String, _ values: [Double], _ unit: String, goal: Double? = nil, _ better: Better = .neither
  ) {
    guard let spread = Spread(values) else { return absent(name, "no value") }
    let figure = Figure(
      case: current, name: name, unit: unit, spread: spread, goal: goal, better: better)
    record.figures.append(figure)
    say(Table.line(figure, Verdict(figure, baseline: baseline?.spread(of: figure))))
  }

  func add(
    _ name: String, _ value: Double, _ unit: String, goal: Double? = nil, _ better: Better = .neither
  ) {
    add(name, [value], unit, goal: goal, better)
  }

  /// What could not be measured, and why.
  func absent(_ name: String, _ reason: String) {
    let absence = Absence(
      case: current, name: name, reason: reason.replacing("|", with: "/").replacing("\n", with: " "))
    record.absences.append(absence)
    say(Table.line(absence))
  }

  /// A line for whoever waits, not part of the results.
  func progress(_ text: String) { Files.say("· \(current): \(text)", to: 2) }

  func newFolder() throws(Failure) -> String {
    folders += 1
    let path = "\(Machine.folder)/\(folders)"
    guard mkdir(path, 0o755) == 0 else { throw Failure("\(path) cannot be made") }
    return path
  }

  private func say(_ line: String) {
    Files.say(line)
  }
}
