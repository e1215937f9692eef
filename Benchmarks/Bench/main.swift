import BenchCore
import Glibc
import Signalbox

/// Ends with a message of one line.
func stop(_ message: String, _ code: Int32 = 2) -> Never {
  Files.say(message, to: 2)
  exit(code)
}

func chosen(_ options: Options) -> [Case] {
  guard !options.cases.isEmpty else { return Case.all.filter { !$0.isLong } }
  guard options.cases != ["all"] else { return Case.all }
  return options.cases.map { name in
    guard let found = Case.named(name) else {
      stop("there is no case \(name); there are \(Case.all.map(\.name).joined(separator: ", "))")
    }
    return found
  }
}

func finish(_ bench: Bench) throws -> Int32 {
  let (record, options) = (bench.record, bench.options)
  // One case that is measured again leaves the others' rows as they were.
  let whole = bench.baseline.map { record.completed(by: $0, order: Case.all.map(\.name)) } ?? record
  if let file = options.json { try Files.write(file, whole.text.utf8) }
  if let page = options.docs {
    let table = Table.markdown(whole.figures, whole.absences)
    guard let text = Files.text(page), let replaced = Table.replaced(in: text, by: table) else {
      throw Failure("\(page) has no markers for the figures")
    }
    try Files.write(page, replaced.utf8)
  }
  let goals = record.figures.compactMap(\.isMet)
  let slower = record.figures.filter { Verdict($0, baseline: bench.baseline?.spread(of: $0)).isSlower }
  Files.say(
    "\(goals.count { $0 }) of \(goals.count) goals met, \(slower.count) figures slower than the baseline, "
      + "\(record.absences.count) not measured")
  for figure in slower { Files.say("  slower: \(figure.case): \(figure.name)") }
  for name in bench.failed { Files.say("  failed: \(name)") }
  return !bench.failed.isEmpty || options.isStrict && !slower.isEmpty ? 1 : 0
}

do {
  let options = try Options(Array(CommandLine.arguments.dropFirst()))
  if options.isHelp {
    if !options.isPlan { Files.say(Options.usage) }
    exit(0)
  }
  let cases = chosen(options)
  if options.isPlan {
    if !options.isList { for each in cases { Files.say(each.name) } }
    exit(0)
  }
  if options.isList {
    for each in options.cases.isEmpty ? Case.all : cases {
      Files.say("\(each.name)\(each.isLong ? " (only by name)" : ""): \(each.method)")
    }
    exit(0)
  }
  guard Files.isExecutable(Machine.program) else { stop("\(Machine.program) is missing: make build") }
  guard Machine.cores >= 2 else { stop("two cores are needed, one for the server and one for the load") }
  Machine.raiseDescriptorLimit()
  signal(SIGPIPE, SIG_IGN)
  let baseline = Files.read(options.baseline).flatMap { try? JSONValue(parsing: $0) }.map { Record($0) }
  let bench = Bench(options, baseline: baseline)
  for each in cases { bench.run(each) }
  Machine.removeFolder()
  exit(try finish(bench))
} catch {
  stop("\(error)")
}
