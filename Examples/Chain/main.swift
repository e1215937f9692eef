// Runs a chain that a page can watch while it runs:
//
//   signalbox serve                       (in another terminal)
//   swift run ChainExample 42             (then look at http://127.0.0.1:7446/, or at /v1/live?chain=42&from=start)
//   swift run ChainExample 42 3000        (as many steps of nothing as are asked for)
import Fetch
import Signalbox

let arguments = CommandLine.arguments.dropFirst()
let id = arguments.first
let count = arguments.dropFirst().first.flatMap { Int($0) }
Emitter.shared.add(HTTPExporter())

struct Review: Codable, Sendable {
  var words: Int
  var longest: String
  var verdict: String
}

let review = Chain("review") {
  Step("load") { (text: String, step) in
    var words: [String] = []
    let all = text.split(separator: " ")
    for (number, word) in all.enumerated() {
      try await Task.sleep(for: .milliseconds(20))
      words.append(String(word))
      step.progress(Double(number + 1) / Double(all.count), "\(number + 1) of \(all.count) words")
    }
    return words
  }
  .weight(3)
  Parallel {
    Step("count") { (words: [String]) in words.count }
    Step("longest") { (words: [String]) in words.max { $0.count < $1.count } ?? "" }
  }
  Branch("judge", if: { (facts: (Int, String)) in facts.0 > 8 }) {
    Step("shorten") { (facts: (Int, String)) in
      Review(words: facts.0, longest: facts.1, verdict: "too long")
    }
    .timeout(.seconds(5)).retry(2)
  } else: {
    Step("accept") { (facts: (Int, String)) in Review(words: facts.0, longest: facts.1, verdict: "fine") }
  }
}

let many = Chain("many") {
  for number in 0..<(count ?? 0) { Step("step \(number)") { (sum: Int) in sum + 1 } }
}

do {
  if count == nil {
    print(
      try await review.run(
        "What a chain does is seen while it does it", id: id, metadata: ["user": "example"]))
  } else {
    print(try await many.run(0, id: id))
  }
} catch {
  print(error)
}
if await !Emitter.shared.shutDown(within: .seconds(20)) {
  print("Not everything could be sent. Is a server running? Start one with: signalbox serve")
}
