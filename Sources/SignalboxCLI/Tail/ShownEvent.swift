import Wire

/// An event as the terminal shows it: what a line is made of, taken out of its JSON.
///
/// Texts are as they came; whoever prints them cleans them first (`PlainText`).
struct ShownEvent: Sendable {
  var position = ""
  var type = ""
  var phase: Phase?
  /// Nanoseconds since 1970.
  var time: Int64 = 0
  var trace = ""
  var span = ""
  var parent = ""
  var session = ""
  var provider = ""
  var model = ""
  var index: Int?
  /// `data.name`: of a tool, a step, an index.
  var name = ""
  /// `data.text` of a delta, `data.message` of anything else.
  var text = ""
  /// `data.channel` of a delta; empty means text.
  var channel = ""
  var reason = ""
  var attempt: Int?
  var discardFrom: Int?
  var fraction: Double?
  var usage: ShownUsage?
  /// Milliseconds, where the producer measured them itself.
  var firstDelta: Double?
  var duration: Double?
  /// `data` as JSON text.
  var data = ""
  var demo = false
}

/// Tokens of a call; nil where nobody counted.
struct ShownUsage: Equatable, Sendable {
  var input: Int?
  var output: Int?
  /// All of them, where nobody told them apart.
  var total: Int?
  /// The numbers are a guess, not the provider's.
  var estimated = false

  /// `9→120 tok`, with `~` before an estimate.
  var figure: String {
    let mark = estimated ? "~" : ""
    switch (input, output) {
    case (let input?, let output?): return "\(mark)\(Figures.count(input))→\(Figures.count(output)) tok"
    case (nil, let output?): return "\(mark)\(Figures.count(output)) tok"
    case (let input?, nil): return "\(mark)\(Figures.count(input)) tok in"
    case (nil, nil): return total.map { "\(mark)\(Figures.count($0)) tok" } ?? ""
    }
  }
}
