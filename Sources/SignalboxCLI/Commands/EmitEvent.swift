import JSONScan
import Wire

/// An event made of a command line.
enum EmitEvent {
  private static let members = [
    "phase", "trace", "span", "parent", "session", "chain", "request", "provider", "model",
  ]

  /// The event as JSON, for `emit TYPE KEY=VALUE…`.
  static func json(_ arguments: Arguments) throws(UsageError) -> String {
    guard let type = arguments.operands.first else {
      throw UsageError("signalbox emit needs a TYPE, --json or - for standard input")
    }
    guard !type.contains("=") else {
      throw UsageError("signalbox emit needs the TYPE before '\(PlainText.line(type))'")
    }
    var writer = ByteWriter()
    writer.append("{\"type\":")
    writer.append(jsonString: type)
    for name in members {
      guard let value = arguments.text(name) else { continue }
      writer.append(",")
      writer.append(jsonString: name)
      writer.append(":")
      writer.append(jsonString: value)
    }
    if let index = try arguments.integer("index", in: 0...(1 << 53)) {
      writer.append(",\"index\":")
      writer.append(decimal: index)
    }
    let tags = try pairs(arguments.all("tag"), of: "--tag")
    if !tags.isEmpty {
      writer.append(",\"tags\":")
      writer.append(object: tags) { writer, text in writer.append(jsonString: text) }
    }
    let data = try pairs(Array(arguments.operands.dropFirst()), of: "signalbox emit")
    if !data.isEmpty {
      let parser = JSONParser()
      writer.append(",\"data\":")
      writer.append(object: data) { writer, text in writer.append(value: text, checkedBy: parser) }
    }
    writer.append("}")
    return writer.string
  }

  private static func pairs(
    _ words: [String], of who: String
  ) throws(UsageError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    for word in words {
      guard let sign = word.firstIndex(of: "="), sign != word.startIndex else {
        throw UsageError("\(who) takes KEY=VALUE, not '\(PlainText.line(word))'")
      }
      pairs.append((String(word[..<sign]), String(word[word.index(after: sign)...])))
    }
    return pairs
  }
}

extension ByteWriter {
  fileprivate mutating func append(
    object members: [(String, String)], _ value: (inout ByteWriter, String) -> Void
  ) {
    append("{")
    for (place, member) in members.enumerated() {
      if place > 0 { append(",") }
      append(jsonString: member.0)
      append(":")
      value(&self, member.1)
    }
    append("}")
  }

  /// JSON where the text is JSON (but for a bare string, which nobody quotes twice), else a string.
  fileprivate mutating func append(value text: String, checkedBy parser: JSONParser) {
    let first = text.utf8.first ?? 0
    let looksLike =
      "{[-0123456789".utf8.contains(first) || text == "true" || text == "false" || text == "null"
    if looksLike, (try? parser.scan(text)) != nil {
      append(utf8: text)
    } else {
      append(jsonString: text)
    }
  }
}
