import BenchCore
import Signalbox

/// What reading a streamed JSON text costs: `swift run -c release JSONBench [kilobytes] [bytes a piece]`.
@main
struct JSONBench {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let size = (arguments.first ?? 1024) << 10
    let piece = arguments.dropFirst().first ?? 4
    for (name, text) in documents(size) {
      let bytes = Array(text.utf8)
      print("\(name): \(bytes.count) bytes in pieces of \(piece)")
      measure("whole, at once", of: name, bytes.count) { _ = try JSONValue(parsing: bytes) }
      for reading in Reading.allCases where reading != .held {
        measure(reading.rawValue, of: name, bytes.count) { try stream(bytes, by: piece, reading) }
      }
    }
    // Whoever holds each value until the next pays a copy of what is open a piece: not for a megabyte.
    for (name, text) in documents(64 << 10) {
      let bytes = Array(text.utf8)
      measure(Reading.held.rawValue, of: name, bytes.count) {
        try stream(bytes, by: piece, .held)
      }
    }
  }

  enum Reading: String, CaseIterable {
    case none = "in pieces"
    case hundred = "100 values, each held until the next"
    case every = "value after every piece"
    case watched = "changes after every piece"
    case held = "every value held until the next"
  }

  static func stream(_ bytes: [UInt8], by size: Int, _ reading: Reading) throws {
    var json = PartialJSON(watching: reading == .watched ? ["$", "$.items[*]", "$.items[*].text"] : [])
    let shown = Shown()
    var seen = 0
    let pieces = (bytes.count + size - 1) / size
    for piece in 0..<pieces {
      let changes = try json.append(utf8: bytes[piece * size..<min((piece + 1) * size, bytes.count)])
      switch reading {
      case .none: break
      case .hundred: if piece % (pieces / 100) == 0 { shown.show(json.value) }
      case .every: seen += members(json.value)
      case .watched: seen += changes.count
      case .held: shown.show(json.value)
      }
    }
    _ = try json.finish()
    keep(seen)
  }

  /// Looks at a value, as somebody would who draws its outline.
  static func members(_ value: JSONValue?) -> Int {
    guard case .object(let object)? = value, case .array(let items)? = object["items"] else { return 0 }
    return items.count
  }

  static func documents(_ size: Int) -> [(String, String)] {
    let item =
      #"{"id": 17, "text": "It was the best of times, \"it was\" the worst.", "score": 0.75, "ok": true}"#
    let items = repeatElement(item, count: size / item.utf8.count).joined(separator: ", ")
    let numbers = (0..<size / 7).map { String($0 % 100_000) }.joined(separator: ",")
    let text = String(repeating: "It was the age of wisdom, ", count: size / 26)
    return [
      ("objects", #"{"items": [\#(items)]}"#),
      ("numbers", #"{"items": [\#(numbers)]}"#),
      ("one string", #"{"items": [{"text": "\#(text)"}]}"#),
    ]
  }

  static func measure(_ name: String, of document: String, _ size: Int, _ body: () throws -> Void) {
    var best = Duration.seconds(1000)
    do {
      for _ in 0..<3 { best = min(best, try ContinuousClock().measure(body)) }
    } catch {
      return print("  \(name): \(error)")
    }
    let milliseconds = Double(best.components.attoseconds) / 1e15 + Double(best.components.seconds) * 1000
    print("  \(name): \((milliseconds * 10).rounded() / 10) ms")
    printFigure("JSON, \(document) of \(size >> 10) KB, \(name)", milliseconds, "ms")
  }

  /// Keeps the compiler from leaving out what makes a value.
  @inline(never) static func keep(_ value: Int) {}
}

/// Holds the last value, as a view does.
final class Shown {
  private var value: JSONValue?
  @inline(never) func show(_ value: JSONValue?) { self.value = value }
}
