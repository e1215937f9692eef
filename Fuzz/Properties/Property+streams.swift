import SignalboxLLM
import Wire

/// Streams and bodies that arrive in pieces: what is read must not depend on how they are split, and limits must hold.
extension Property {
  static let lines = Property("lines") { bytes in
    Pieces.agree(bytes, step: 1 + Int(bytes.first ?? 0) % 64) { step in
      var decoder = LineDecoder(limit: 32)
      var seen: [String] = []
      let note: (UnsafeRawBufferPointer) -> Void = { line in
        precondition(!line.contains(0x0A) && line.count <= 32, "a line with an end in it, or too long")
        seen.append(Array(line).text)
      }
      var failure: String?
      Pieces.each(bytes, step: step) { piece in
        do {
          try piece.withUnsafeBytes { bytes in
            try decoder.feed(bytes, note)
          }
        } catch { failure = "\(error)" }
        return failure == nil
      }
      if failure == nil { decoder.finish(note) }
      return seen + [failure ?? ""]
    }
  }

  static let arrays = Property("arrays") { bytes in
    Pieces.agree(bytes, step: 1 + Int(bytes.first ?? 0) % 64) { step in
      var splitter = JSONArraySplitter(limit: 64)
      var seen: [String] = []
      var failure: String?
      Pieces.each(bytes, step: step) { piece in
        do {
          try piece.withUnsafeBytes { bytes in
            try splitter.feed(bytes) { element in
              precondition(element.count <= 64, "an element is too long")
              seen.append(Array(element).text)
            }
          }
        } catch { failure = "\(error)" }
        return failure == nil
      }
      return seen + [failure ?? ""]
    }
  }

  /// Amazon's frames. Those of strings alone are the same when they are written again.
  static let eventStreams = Property("event-streams") { bytes in
    Pieces.agree(bytes, step: 1 + Int(bytes.first ?? 0) % 64) { readFrames(bytes, step: $0) }
    let cut = Int(bytes.first ?? 0) % 16
    let name = Array(bytes.dropFirst().prefix(cut)).text
    let payload = Array(bytes.dropFirst(1 + cut))
    var writer = ByteWriter()
    payload.withUnsafeBytes { writer.append(eventStream: $0, headers: [("n" + name, name)]) }
    let again = readFrames(Array(writer.raw), step: 7)
    precondition(
      again.count == 2 && again[0].hasSuffix("\(payload)"), "a frame is not read as it was written")
  }

  /// The first byte chooses the encoding, the rest is the body of an answer. What comes out must not depend on how it
  /// is cut, and no more than the limit may.
  static let encodings = Property("encodings") { bytes in
    guard let first = bytes.first else { return }
    let encoding = ["gzip", "deflate", "identity", "br", "x-gzip", ""][Int(first) % 6]
    let body = Array(bytes[1...])
    Pieces.agree(body, step: 1 + Int(first) % 61) { decode(body, encoding, step: $0) }
  }
}

private let bodyLimit = 32 << 10

private func decode(
  _ bytes: [UInt8], _ encoding: String, step: Int
) -> Result<[UInt8], ContentDecoder.Failure> {
  // `withUnsafeBytes` returns nothing that cannot be copied; the name's bytes are read by the initializer only.
  let name = UnsafeMutableRawBufferPointer.allocate(byteCount: encoding.utf8.count, alignment: 1)
  defer { name.deallocate() }
  name.copyBytes(from: encoding.utf8)
  var decoder = ContentDecoder(encoding: UnsafeRawBufferPointer(name), limit: bodyLimit)
  var out: [UInt8] = []
  var failure: ContentDecoder.Failure?
  Pieces.each(bytes, step: step) { piece in
    piece.withUnsafeBytes { bytes in
      do throws(ContentDecoder.Failure) {
        try decoder.decode(bytes) { out += Array($0) }
      } catch { failure = error }
    }
    return failure == nil
  }
  precondition(out.count <= bodyLimit, "more came out than the limit allows")
  return failure.map(Result.failure) ?? .success(out)
}

private func readFrames(_ bytes: [UInt8], step: Int) -> [String] {
  var decoder = EventStreamDecoder(limit: 4096)
  var seen: [String] = []
  var failure: String?
  Pieces.each(bytes, step: step) { piece in
    do {
      try piece.withUnsafeBytes { bytes in
        try decoder.feed(bytes) { message in
          var text = ""
          message.forEachHeader { name, value in
            let shown: [UInt8] = if case .string(let text) = value { Array(text) } else { [] }
            text += "\(Array(name)) \(shown) "
          }
          seen.append(text + "\(Array(message.payload))")
        }
      }
    } catch { failure = "\(error)" }
    return failure == nil
  }
  return seen + [failure ?? "\(decoder.isBetweenMessages)"]
}
