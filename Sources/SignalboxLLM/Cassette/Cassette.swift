/// A recorded answer of a provider with its timing, to be played again. `docs/testing.md` describes its file.
public struct Cassette: Sendable, Hashable {
  /// What was asked; the body itself is not kept.
  public struct Request: Sendable, Hashable {
    public var method: String
    /// With the parameters of its query that are no secret.
    public var path: String
    /// The model that the body or the path names.
    public var model: String?
    /// `fnv1a64:` and 16 hexadecimal digits; tells bodies apart, hides nothing from who knows them.
    public var bodyHash: String
    public var bodyBytes: Int

    public init(method: String, path: String, model: String? = nil, body: UnsafeRawBufferPointer) {
      self.method = method
      self.path = path
      self.model = model
      bodyHash = Cassette.hash(body)
      bodyBytes = body.count
    }

    init(method: String, path: String, model: String?, bodyHash: String, bodyBytes: Int) {
      self.method = method
      self.path = path
      self.model = model
      self.bodyHash = bodyHash
      self.bodyBytes = bodyBytes
    }
  }

  /// A header of the recorded reply.
  public struct Header: Sendable, Hashable {
    /// Lower case.
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Bytes that came at once.
  public struct Chunk: Sendable, Hashable {
    /// Nanoseconds since the request.
    public var at: Int64
    public var bytes: [UInt8]

    public init(at: Int64, bytes: [UInt8]) {
      self.at = at
      self.bytes = bytes
    }
  }

  /// How the answer ended.
  public enum End: Sendable, Hashable {
    /// As its framing says that it ends.
    case complete
    /// The connection broke, with the reason in a plain sentence.
    case cut(String)
    /// Whoever asked went away.
    case cancelled
  }

  /// Nanoseconds since 1970-01-01T00:00:00Z at the request.
  public var recorded: Int64
  public var request: Request
  /// The HTTP status; 0 when no answer came.
  public var status: Int
  /// Those that a client needs; secrets, cookies and what belongs to the connection are not recorded.
  public var headers: [Header]
  /// When the head came: nanoseconds since the request.
  public var headAt: Int64
  public var chunks: [Chunk]
  public var end: End
  /// Nanoseconds since the request.
  public var endAt: Int64

  public init(
    recorded: Int64, request: Request, status: Int, headers: [Header] = [], headAt: Int64 = 0,
    chunks: [Chunk] = [], end: End = .complete, endAt: Int64 = 0
  ) {
    self.recorded = recorded
    self.request = request
    self.status = status
    self.headers = headers
    self.headAt = headAt
    self.chunks = chunks
    self.end = end
    self.endAt = endAt
  }

  /// All bytes of the body.
  public var body: [UInt8] { chunks.flatMap(\.bytes) }

  /// FNV-1a of 64 bits.
  public static func hash(_ bytes: UnsafeRawBufferPointer) -> String {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(state, radix: 16)
    return "fnv1a64:" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// What is wrong with a cassette.
public struct CassetteError: Error, Sendable, Hashable, CustomStringConvertible {
  /// From 1; nil when the file could not be read at all.
  public var line: Int?
  /// A plain sentence.
  public var message: String

  public init(line: Int? = nil, _ message: String) {
    self.line = line
    self.message = message
  }

  public var description: String { line.map { "line \($0): \(message)" } ?? message }
}
