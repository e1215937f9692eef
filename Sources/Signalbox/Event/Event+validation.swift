import Wire

/// Why an event would be refused: which member, and what it must be.
public struct EventError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The member, as it is called on the wire, for example `tags.user`.
  public let field: String
  public let message: String

  public var description: String { "\(field): \(message)" }
}

extension Event {
  /// Holds the event against the limits of `docs/events.md`; throws for the first member that breaks one.
  public func validate() throws(EventError) {
    let fields = context.fields
    try check(id: fields.session, "session")
    try check(id: fields.chain, "chain")
    try check(id: fields.request, "request")
    try check(label: fields.source?.service, "source.service", least: 0)
    try check(label: fields.source?.module, "source.module", least: 0)
    try check(label: fields.source?.method, "source.method", least: 0)
    try check(label: fields.provider, "provider")
    try check(label: fields.model, "model")
    try check(number: index, "index", least: 0)
    try check(number: count, "count", least: 1)
    guard fields.tags.count <= EventRules.tagCount else {
      throw EventError(
        field: "tags", message: "there may be at most \(EventRules.tagCount), not \(fields.tags.count)")
    }
    for (key, value) in fields.tags {
      guard 1...EventRules.tagKeyLength ~= key.utf8.count else {
        throw EventError(field: "tags", message: "a key must be 1 to \(EventRules.tagKeyLength) bytes long")
      }
      guard value.utf8.count <= EventRules.tagValueLength else {
        throw EventError(
          field: "tags.\(key)", message: "must be at most \(EventRules.tagValueLength) bytes long")
      }
    }
  }

  private func check(id: String?, _ field: String) throws(EventError) {
    guard let id, !isID(id) else { return }
    throw EventError(
      field: field, message: "must be 1 to \(EventRules.idLength) characters of A-Z a-z 0-9 _ -")
  }

  private func check(label: String?, _ field: String, least: Int = 1) throws(EventError) {
    guard let label, !(least...EventRules.labelLength ~= label.utf8.count) else { return }
    throw EventError(field: field, message: "must be \(least) to \(EventRules.labelLength) bytes long")
  }

  private func check(number: Int64?, _ field: String, least: Int64) throws(EventError) {
    guard let number, !(least...EventRules.largestInteger ~= number) else { return }
    throw EventError(field: field, message: "must be a whole number from \(least) to 2^53")
  }
}
