import SignalboxLLM

/// A request that a scripted provider was sent.
public struct ReceivedRequest: Sendable {
  public var method: String
  /// The path with its query, as it came.
  public var path: String
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]
  /// Which connection it came over, from 0.
  public var connection: Int
  /// The model that the body or the path names.
  public var model: String?
  /// `stream` of the body; nil where it does not say.
  public var wantsStream: Bool?

  init(
    method: String, path: String, headers: [(name: String, value: String)], body: [UInt8], connection: Int
  ) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
    self.connection = connection
    let gist = body.withUnsafeBytes { RequestGist(body: $0, path: path) }
    model = gist.model
    wantsStream = gist.stream
  }

  /// The body as text; invalid UTF-8 is repaired.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// The value of the first header of that name, upper or lower case alike.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
