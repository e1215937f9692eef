/// What a key allows.
package struct Scope: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Sending events.
  package static let ingest = Scope(rawValue: 1)
  /// Watching, history and the page.
  package static let read = Scope(rawValue: 2)
  /// Calling models through the gateway.
  package static let gateway = Scope(rawValue: 4)
  /// Managing keys, and everything else.
  package static let admin = Scope(rawValue: 8)
  /// Minting tokens for browsers.
  package static let tokens = Scope(rawValue: 16)

  package static let names: [(name: String, scope: Scope)] = [
    ("ingest", .ingest), ("read", .read), ("gateway", .gateway), ("admin", .admin), ("tokens", .tokens),
  ]

  /// Reads names separated by commas; nil when one is unknown or there is none.
  package init?(names text: String) {
    self = []
    for part in text.split(separator: ",") {
      guard let entry = Self.names.first(where: { $0.name == part }) else { return nil }
      insert(entry.scope)
    }
    if isEmpty { return nil }
  }

  /// The names, in a fixed order.
  package var list: [String] { Self.names.filter { contains($0.scope) }.map(\.name) }

  /// Whether a holder of this may do what any one of `scopes` stands for.
  package func allows(anyOf scopes: Scope) -> Bool { contains(.admin) || !isDisjoint(with: scopes) }

  /// Whether a holder of this may do what `needed` stands for; admin may do everything.
  package func allows(_ needed: Scope) -> Bool { contains(.admin) || isSuperset(of: needed) }
}
