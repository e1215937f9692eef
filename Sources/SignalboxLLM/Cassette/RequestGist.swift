import JSONScan

/// What a request says that decides how it is answered.
package struct RequestGist {
  /// Larger bodies are not looked into.
  private static let limit = 16 << 20

  /// The body's `model`, else the one in the path: `/models/NAME:method`, `/deployments/NAME/…`, `/model/NAME/…`.
  package private(set) var model: String?
  /// The body's `stream`; nil where it does not say.
  package private(set) var stream: Bool?

  package init(body: UnsafeRawBufferPointer, path: String) {
    let parser = JSONParser()
    if body.count <= Self.limit, let root = try? parser.scan(copying: body).root {
      model = root["model"]?.string
      stream = root["stream"]?.bool
    }
    withExtendedLifetime(parser) {}
    guard model == nil else { return }
    let segments = path.prefix { $0 != "?" }.split(separator: "/")
    for (name, next) in zip(segments, segments.dropFirst())
    where name == "models" || name == "deployments" || name == "model" {
      model = String(next.prefix { $0 != ":" })
    }
  }
}
