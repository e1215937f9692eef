import BenchCore
import Signalbox

/// Runs a load client of `Benchmarks/load` and returns the figures it prints.
struct Load {
  var client: String
  var options: [(String, String)]

  init(_ client: String, _ options: KeyValuePairs<String, any CustomStringConvertible>) {
    self.client = client
    self.options = options.map { ($0.key, $0.value.description) }
  }

  /// On the client's core unless told otherwise.
  func run(core: Int? = Machine.clientCore) throws(Failure) -> Answer {
    let words = ["\(Machine.built)/\(client)"] + options.flatMap { ["--" + $0.0, $0.1] }
    let output = try Child.run(words, core: core, log: Machine.log(client))
    guard let json = try? JSONValue(parsing: output) else {
      throw Failure("\(client) said: \(output.prefix(200))")
    }
    return Answer(client: client, json: json)
  }

  struct Answer {
    var client: String
    var json: JSONValue

    subscript(name: String) -> Double {
      get throws(Failure) {
        guard let value = json[name]?.number else { throw Failure("\(client) does not say \(name)") }
        return value
      }
    }
  }
}
