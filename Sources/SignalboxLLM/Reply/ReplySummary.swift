internal import JSONScan
package import Signalbox
internal import Wire

/// What a reply has said about itself so far.
package struct ReplySummary {
  private struct Choice {
    var isSeen = false
    var finish: [UInt8] = []
  }

  package private(set) var id: [UInt8] = []
  package private(set) var model: [UInt8] = []
  package private(set) var serviceTier: [UInt8] = []
  package private(set) var usage: TokenUsage?
  /// The provider's last usage object, verbatim: some send one with every chunk, and only the last is told.
  private var usageText: [UInt8] = []
  private var choices: [Choice] = []
  private var isEnded = false
  private let endsWithReasons: Bool

  init(_ format: ReplyFormat) { endsWithReasons = format.endsWithReasons }

  /// The reply said that it is complete; in formats that end so, also when every choice that was begun has its
  /// reason to finish.
  package var isFinished: Bool {
    isEnded || endsWithReasons && hasChoices && choices.allSatisfy { !$0.isSeen || !$0.finish.isEmpty }
  }

  package var hasChoices: Bool { choices.contains { $0.isSeen } }

  /// Takes what a payload says about the reply as a whole.
  mutating func take(_ part: ReplyPart) {
    if id.isEmpty { Self.keep(part.id, in: &id) }
    if model.isEmpty { Self.keep(part.model, in: &model) }
    if serviceTier.isEmpty { Self.keep(part.serviceTier, in: &serviceTier) }
    if let usage = part.usage {
      self.usage = usage
      usageText.removeAll(keepingCapacity: true)
      if let raw = part.rawUsage { usageText.append(contentsOf: raw) }
    }
    for choice in part.choices { see(choice) }
    for finish in part.finishes where finish.reason.count <= 256 {
      see(finish.choice)
      choices[finish.choice].finish = Array(finish.reason)
    }
    if part.isEnd { isEnded = true }
  }

  private mutating func see(_ choice: Int) {
    while choices.count <= choice { choices.append(Choice()) }
    choices[choice].isSeen = true
  }

  private static func keep(_ text: UnsafeRawBufferPointer?, in place: inout [UInt8]) {
    if let text, 1...256 ~= text.count { place = Array(text) }
  }

  /// The provider's usage object without white space; empty: there was none.
  package var rawUsage: [UInt8] {
    var writer = ByteWriter(capacity: usageText.count)
    usageText.withUnsafeBytes { JSONParser.minify($0, into: &writer) }
    return Array(writer.raw)
  }

  /// The reasons of the choices that have one, in their order.
  package var finishReasons: [[UInt8]] { choices.compactMap { $0.finish.isEmpty ? nil : $0.finish } }
}
