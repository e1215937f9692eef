import Wire

/// A file of the dashboard, held in the program.
package struct DashboardAsset: Sendable {
  /// Where it is served, such as `/assets/main.js`; the page itself is `/`.
  package let path: StaticString
  package let contentType: StaticString
  /// Entity tag with its quotes: the same as long as the file is.
  package let tag: StaticString
  let text: StaticString

  /// The content; valid as long as the program runs.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// The file at a path of a request; nil when there is none.
  package static func at(_ path: UnsafeRawBufferPointer) -> DashboardAsset? {
    all.first { path.elementsEqual($0.path) }
  }

  /// The page that follows a chain, at `/chain/{id}`.
  static var chainPage: DashboardAsset? { all.first { "\($0.path)" == "/chain" } }

  /// Headers that go with every file. Nothing but the server's own files may run, load or be talked to, and no
  /// other page may frame this one; browsers ask again each time and mostly hear 304.
  package static let headers: [(name: StaticString, value: StaticString)] = [
    (
      "Content-Security-Policy",
      """
      default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
      base-uri 'none'; form-action 'none'; frame-ancestors 'none'
      """
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),
  ]
}
