internal import JSONScan
internal import Wire

/// What has come of a reply so far.
struct CallOutput {
  /// Most bytes of text in one event; longer texts become several deltas.
  static let textLimit = 256 << 10

  private struct Choice {
    var isSeen = false
    var finish: [UInt8] = []
  }

  private(set) var firstDelta: Moment?
  /// The next delta's index: how many there were.
  private(set) var deltas: Int64 = 0
  /// Characters of all texts.
  private(set) var characters = 0
  private(set) var id: [UInt8] = []
  private(set) var model: [UInt8] = []
  private(set) var serviceTier: [UInt8] = []
  private(set) var usage: TokenUsage?
  /// The provider's usage object without white space.
  private(set) var rawUsage: [UInt8] = []
  private var choices: [Choice] = []

  /// Whether there is an answer, and every choice that was begun was finished.
  var isFinished: Bool {
    hasChoices && choices.allSatisfy { !$0.isSeen || !$0.finish.isEmpty }
  }

  var hasChoices: Bool { choices.contains { $0.isSeen } }

  /// Takes what a payload says about the reply as a whole.
  mutating func take(_ chunk: ChatChunk) {
    if id.isEmpty { Self.keep(chunk.id, in: &id) }
    if model.isEmpty { Self.keep(chunk.model, in: &model) }
    if serviceTier.isEmpty { Self.keep(chunk.serviceTier, in: &serviceTier) }
    if let usage = chunk.usage, let raw = chunk.rawUsage {
      self.usage = usage
      var writer = ByteWriter(capacity: raw.count)
      JSONParser.minify(raw, into: &writer)
      rawUsage = Array(writer.raw)
    }
    for choice in chunk.choices {
      while choices.count <= choice { choices.append(Choice()) }
      choices[choice].isSeen = true
    }
    for finish in chunk.finishes where finish.reason.count <= 256 {
      choices[finish.choice].finish = Array(finish.reason)
    }
  }

  private static func keep(_ text: UnsafeRawBufferPointer?, in place: inout [UInt8]) {
    if let text, 1...256 ~= text.count { place = Array(text) }
  }

  /// Counts deltas that go into one event.
  mutating func count(deltas number: Int64, characters: Int, at moment: Moment) {
    if firstDelta == nil { firstDelta = moment }
    deltas += number
    self.characters += characters
  }

  /// The reasons of the choices that have one, in their order.
  var finishReasons: [[UInt8]] { choices.compactMap { $0.finish.isEmpty ? nil : $0.finish } }
}
