import BenchCore

/// Somebody who takes part in rounds: a server, and how the load client speaks to it.
struct Contestant {
  var name: String
  var server: Server
  var options: [(String, String)] = []
  /// Signalbox itself: where it fails, the case fails.
  var isOurs: Bool { name == "signalbox" }
}

extension Bench {
  /// Takes turns, round by round; a peer that fails gets a row that says why, and goes home.
  func alternate(
    _ label: String, _ contestants: [Contestant], rounds: Int? = nil, _ load: Load
  ) throws(Failure) -> [String: [Load.Answer]] {
    var found: [String: [Load.Answer]] = [:]
    var gone: Set<String> = []
    for round in 1...(rounds ?? self.rounds) {
      progress("\(label), round \(round) of \(rounds ?? self.rounds)")
      for contestant in contestants where !gone.contains(contestant.name) {
        var theirs = load
        theirs.options += contestant.options
        theirs.options += [("port", "\(contestant.server.port)"), ("pids", contestant.server.pids)]
        do {
          found[contestant.name, default: []].append(try theirs.run())
        } catch {
          if contestant.isOurs { throw error }
          gone.insert(contestant.name)
          found[contestant.name] = nil
          absent("\(label): \(contestant.name)", error.description)
        }
      }
    }
    return found
  }

  /// One of the figures of every round.
  func values(_ name: String, _ answers: [Load.Answer]?) throws(Failure) -> [Double] {
    var values: [Double] = []
    for answer in answers ?? [] { values.append(try answer[name]) }
    return values
  }

  /// A peer, or a row that says why there is none.
  func peer(_ name: String, _ start: () throws(Failure) -> Server) -> Server? {
    do { return try start() } catch {
      absent(name, error.description)
      return nil
    }
  }
}
