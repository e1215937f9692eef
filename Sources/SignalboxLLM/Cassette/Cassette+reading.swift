import JSONScan
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Cassette {
  /// Most bytes of a file.
  static let fileLimit = 256 << 20

  /// Reads a file.
  public init(contentsOf path: String) throws(CassetteError) {
    try self.init(parsing: Cassette.read(path))
  }

  /// Reads a file's content: NDJSON, as `encoded` writes it. Members that are not known are passed over.
  public init(parsing bytes: [UInt8]) throws(CassetteError) {
    let parser = JSONParser()
    var reader = CassetteReader()
    for (place, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let text = line.last == 0x0D ? line.dropLast() : line
      if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
      let failure = text.withUnsafeBytes { text -> CassetteError? in
        do throws(JSONError) {
          let document = try parser.scan(copying: text)
          do throws(CassetteReader.Problem) {
            try reader.read(document.root)
            return nil
          } catch {
            return CassetteError(line: place + 1, error.message)
          }
        } catch {
          return CassetteError(line: place + 1, "no JSON: \(error.message)")
        }
      }
      if let failure { throw failure }
    }
    self = try reader.finish()
  }

  private static func read(_ path: String) throws(CassetteError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CassetteError("it cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while true {
      var failure: Int32 = 0
      let piece = [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
        let read = systemRead(descriptor, buffer.baseAddress!, buffer.count)
        failure = read < 0 ? errno : 0
        count = max(0, read)
      }
      if failure == EINTR { continue }
      guard failure == 0 else {
        throw CassetteError("it cannot be read: \(String(cString: strerror(failure)))")
      }
      if piece.isEmpty { return bytes }
      bytes += piece
      guard bytes.count <= fileLimit else { throw CassetteError("it is larger than \(fileLimit >> 20) MiB") }
    }
  }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}

/// Takes a cassette's lines one after another.
private struct CassetteReader {
  struct Problem: Error {
    let message: String
    init(_ message: String) { self.message = message }
  }

  private var cassette: Cassette?
  private var hasEnded = false
  private var time: Int64 = 0

  mutating func read(_ line: JSONValueView) throws(Problem) {
    guard line.kind == .object else { throw Problem("it is no JSON object") }
    guard cassette != nil else { return try readHead(line) }
    guard !hasEnded else { throw Problem("the recording has ended before this line") }
    let at = try moment(line)
    if let end = line["end"] {
      cassette?.end = try Self.end(end, message: line["message"]?.string)
      cassette?.endAt = at
      hasEnded = true
    } else {
      cassette?.chunks.append(Cassette.Chunk(at: at, bytes: try Self.bytes(line)))
    }
  }

  func finish() throws(CassetteError) -> Cassette {
    guard let cassette else { throw CassetteError(line: 1, "the file is empty") }
    guard hasEnded else {
      throw CassetteError("the last line, which says how the recording ended, is missing")
    }
    return cassette
  }

  private mutating func readHead(_ line: JSONValueView) throws(Problem) {
    guard let version = line["cassette"] else {
      throw Problem("a cassette begins with a line that has `cassette`, its version")
    }
    guard version.int == 1 else { throw Problem("only version 1 of cassettes is known") }
    guard let request = line["request"], let method = request["method"]?.string,
      let path = request["path"]?.string, !method.isEmpty, path.hasPrefix("/")
    else { throw Problem("`request` needs a `method` and a `path` that begins with /") }
    guard let status = line["status"]?.int, status == 0 || 200...599 ~= status else {
      throw Problem("`status` is no HTTP status")
    }
    var recorded: Int64 = 0
    if let text = line["recorded"] {
      guard text.kind == .string, let time = Timestamp(rfc3339: text.bytes) else {
        throw Problem("`recorded` is no time such as 2026-11-21T09:30:00Z")
      }
      recorded = time.nanoseconds
    }
    cassette = Cassette(
      recorded: recorded,
      request: Cassette.Request(
        method: method, path: path, model: request["model"]?.string,
        bodyHash: request["body_hash"]?.string ?? "", bodyBytes: Int(request["body_bytes"]?.int ?? 0)),
      status: Int(status), headers: try Self.headers(line["headers"]), headAt: try moment(line))
  }

  /// Nanoseconds since the request; never less than before.
  private mutating func moment(_ line: JSONValueView) throws(Problem) -> Int64 {
    guard let value = line["at"] else { throw Problem("`at`, nanoseconds since the request, is missing") }
    guard let at = value.int, at >= 0 else { throw Problem("`at` is no whole number from 0 up") }
    guard at >= time else { throw Problem("`at` is earlier than on the line before") }
    time = at
    return at
  }

  private static func headers(_ value: JSONValueView?) throws(Problem) -> [Cassette.Header] {
    guard let value else { return [] }
    var headers: [Cassette.Header] = []
    var isValid = value.kind == .array
    value.forEachElement { pair in
      guard let name = pair[0]?.string, let text = pair[1]?.string, pair[2] == nil,
        isFieldName(name), text.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F })
      else {
        isValid = false
        return
      }
      headers.append(Cassette.Header(name: name.lowercased(), value: text))
    }
    guard isValid else { throw Problem("`headers` is no list of pairs of a name and a value") }
    return headers
  }

  private static func isFieldName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { 48...57 ~= $0 || 65...90 ~= $0 || 97...122 ~= $0 || $0 == 45 || $0 == 95 }
  }

  private static func bytes(_ line: JSONValueView) throws(Problem) -> [UInt8] {
    switch (line["text"], line["base64"]) {
    case (let text?, nil):
      guard let text = text.string else { throw Problem("`text` is no string") }
      return Array(text.utf8)
    case (nil, let encoded?):
      guard encoded.kind == .string, let bytes = Base64.decode(encoded.bytes) else {
        throw Problem("`base64` is no base 64")
      }
      return bytes
    default: throw Problem("a chunk has either `text` or `base64`")
    }
  }

  private static func end(_ value: JSONValueView, message: String?) throws(Problem) -> Cassette.End {
    switch value.string {
    case "complete": .complete
    case "cancelled": .cancelled
    case "cut": .cut(message ?? "")
    default: throw Problem("`end` is complete, cut or cancelled")
    }
  }
}
