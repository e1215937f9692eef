import JSONScan

@testable import SignalboxLLM

/// A piece that outlives the call that handed it out.
struct KeptPiece {
  let channel: ReplyChannel
  let tool: Int
  let text: String
  let isValue: Bool
  let runsAtProvider: Bool
}

/// The pieces of a reply.
func pieces(of body: [UInt8], _ format: ReplyFormat) -> [KeptPiece] {
  let decoder = ReplyDecoder(format, parser: JSONParser())
  decoder.respond(status: 200, contentEncoding: nil)
  var kept: [KeptPiece] = []
  let note: (ReplyItem) -> Void = {
    guard case .piece(let piece) = $0 else { return }
    kept.append(
      KeptPiece(
        channel: piece.channel, tool: piece.tool, text: String(decoding: piece.text, as: UTF8.self),
        isValue: piece.isValue, runsAtProvider: piece.runsAtProvider))
  }
  body.withUnsafeBytes { decoder.receive($0, note) }
  _ = decoder.finish(note)
  return kept
}

func pieces(of body: String, _ format: ReplyFormat) -> [KeptPiece] { pieces(of: Array(body.utf8), format) }
