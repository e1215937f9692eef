import JSONScan

@testable import SignalboxLLM

/// Reads a reply for its signatures, which no event tells.
enum SignatureProbe {
  static func signatures(of body: String, _ format: ReplyFormat) -> [String] {
    let decoder = ReplyDecoder(format, parser: JSONParser())
    decoder.respond(status: 200, contentEncoding: nil)
    var found: [String] = []
    func take(_ item: ReplyItem) {
      guard case .piece(let piece) = item, piece.channel == .signature else { return }
      found.append(String(decoding: piece.text, as: UTF8.self))
    }
    Array(body.utf8).withUnsafeBytes { decoder.receive($0, take) }
    _ = decoder.finish(take)
    return found
  }
}
