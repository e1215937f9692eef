import Wire

extension Property {
  /// The input is a stream of events. What is read must not depend on how it is split.
  static let sse = Property("sse") { bytes in
    Pieces.agree(bytes, step: 1 + Int(bytes.first ?? 0) % 64) { read(bytes, step: $0) }
  }
}

private func read(_ bytes: [UInt8], step: Int) -> [String] {
  var decoder = SSEDecoder(limit: 256)
  var seen: [String] = []
  let note: (SSEEvent) -> Void = { event in
    seen.append("\(Array(event.type)) \(Array(event.data)) \(Array(event.id))")
    let behind = UnsafeRawBufferPointer(start: event.data.baseAddress! + event.data.count, count: 64)
    precondition(behind.allSatisfy { $0 == 0 }, "the data is not padded")
  }
  var begin = 0
  while begin < bytes.count {
    let end = min(begin + step, bytes.count)
    let window = Array(bytes[begin..<end])
    begin = end
    do {
      try window.withUnsafeBytes { try decoder.feed($0, note) }
    } catch {
      return seen + ["\(error)"]
    }
  }
  do { try decoder.finish(dispatchesRest: true, note) } catch { seen.append("\(error)") }
  return seen + ["\(decoder.retry ?? -1)"]
}
