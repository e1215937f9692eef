/// A key that shows in no description, dump or mirror.
struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  let value: String

  init(_ value: String) { self.value = value }

  var description: String { "…" }
  var debugDescription: String { "…" }
  var customMirror: Mirror { Mirror(self, children: []) }
}

/// Something that a provider needs, from the program or from the environment.
struct Setting: Sendable, Hashable {
  /// What the program gave; it goes before the environment.
  var given: String?
  /// Names of variables, the first that is set counts.
  var variables: [String] = []
  var fallback: String?

  func value(_ environment: ProcessEnvironment) -> String? {
    given ?? variables.lazy.compactMap { environment[$0] }.first ?? fallback
  }
}
