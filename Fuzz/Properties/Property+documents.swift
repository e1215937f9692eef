import JSONScan
import Signalbox
import SignalboxLLM
import Wire

@testable import SignalboxServer

/// Unsafe: properties are looked at by one thread.
nonisolated(unsafe) private let parser = JSONParser()

extension Property {
  /// The input is a file of redaction rules. What is taken has patterns that end in time.
  static let rules = Property("rules") { bytes in
    do throws(ContentPolicy.Invalid) {
      _ = try ContentPolicy(parsing: String(decoding: bytes, as: UTF8.self))
    } catch {
      precondition(!error.description.isEmpty, "an error without a word")
    }
  }

  /// The input is a pattern, a line break, and a text: whole or byte by byte, the same is found.
  static let pattern = Property("pattern") { bytes in
    let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false).map(Array.init)
    guard parts.count == 2, let pattern = try? BytePattern(String(decoding: parts[0], as: UTF8.self)),
      String(validating: parts[1], as: UTF8.self) != nil
    else { return }
    let set = RedactionSet(patterns: [("own", pattern)])
    var whole = ByteWriter()
    var counts = RedactionCounts()
    parts[1].withUnsafeBytes { set.redact($0, into: &whole, counts: &counts) }
    var pieces = ByteWriter()
    var redactor = StreamRedactor()
    var streamed = RedactionCounts()
    for byte in parts[1] {
      [byte].withUnsafeBytes { redactor.feed($0, with: set, into: &pieces, counts: &streamed) }
    }
    redactor.feed(
      UnsafeRawBufferPointer(start: nil, count: 0), with: set, isFinal: true, into: &pieces, counts: &streamed
    )
    precondition(
      pieces.raw.elementsEqual(whole.raw) && streamed == counts, "byte by byte something else is found")
  }

  /// The input is a recording. What is read is written and read again as the same.
  static let cassette = Property("cassette") { bytes in
    do throws(CassetteError) {
      let cassette = try Cassette(parsing: bytes)
      let written = cassette.encoded()
      precondition(
        (try? Cassette(parsing: written))?.encoded() == written, "another recording when it is read again")
    } catch {
      precondition(!error.description.isEmpty, "an error without a word")
    }
  }

  /// The input is a table of prices.
  static let prices = Property("prices") { bytes in
    do throws(PriceTableError) { _ = try PriceTable(json: bytes) } catch {
      precondition(!error.description.isEmpty, "an error without a word")
    }
  }

  /// The input is an event that declares types, as an application may send it. The list of types is JSON.
  static let types = Property("types") { bytes in
    guard let event = try? bytes.withUnsafeBytes({ try parser.scan(copying: $0).root }) else { return }
    var list = TypeList(seen: ["seen.type"])
    list.take(event)
    var json = ByteWriter()
    list.write(to: &json)
    let isJSON = (try? JSONParser().scan(copying: json.raw)) != nil
    precondition(isJSON, "no JSON: \(json.string)")
  }

  /// The input is JSON, or not. What is written of it is JSON to simdjson too, and read again as the same.
  static let json = Property("json") { bytes in
    guard let ours = try? JSONValue(parsing: bytes) else { return }
    var written = ByteWriter()
    written.append(json: ours)
    // A whole number that was written as a fraction is read as a whole one.
    guard let again = try? JSONValue(parsing: Array(written.raw)) else {
      preconditionFailure("what was written is not read: \(written.string)")
    }
    precondition((try? parser.scan(copying: written.raw)) != nil, "no JSON: \(written.string)")
    var twice = ByteWriter()
    twice.append(json: again)
    precondition(twice.raw.elementsEqual(written.raw), "another value: \(written.string), \(twice.string)")
    for limit in [2, 16, 100] {
      var short = ByteWriter()
      short.append(json: ours.shortened(to: limit).value)
      precondition(short.count <= max(limit, 4), "\(short.count) bytes where \(limit) were allowed")
    }
  }

  /// The input is text with JSON in it that a model writes. Piece by piece the value only grows, to the same end.
  static let partialJSON = Property("partial-json") { bytes in
    for mode in [PartialJSON.Mode.strict, .tolerant] {
      var whole = PartialJSON(mode)
      let atOnce = Result { try whole.append(utf8: bytes) }.flatMap { _ in Result { try whole.finish() } }
      var grown = PartialJSON(mode)
      let byByte = Result { for byte in bytes { try grown.append(utf8: [byte]) } }
        .flatMap { _ in Result { try grown.finish() } }
      switch (atOnce, byByte) {
      case (.success(let a), .success(let b)): precondition(a == b, "byte by byte another value")
      case (.failure, .failure): break
      default: preconditionFailure("byte by byte another outcome")
      }
    }
  }
}
