/// What a ledger held at one moment.
public struct UsageSnapshot: Sendable, Hashable {
  /// A model at a provider.
  public struct ModelKey: Sendable, Hashable, CustomStringConvertible {
    public var provider: String
    public var model: String

    public init(provider: String, model: String) {
      self.provider = provider
      self.model = model
    }

    public var description: String { "\(provider)/\(model)" }
  }

  public var total = UsageTotals()
  public var byProvider: [String: UsageTotals] = [:]
  public var byModel: [String: UsageTotals] = [:]
  public var byProviderAndModel: [ModelKey: UsageTotals] = [:]
  /// By label, then by its value.
  public var byLabel: [String: [String: UsageTotals]] = [:]
  /// Streams that have begun and not ended.
  public var open = 0
  /// Streams that were forgotten before they ended, because too many were open.
  public var forgotten = 0

  public init() {}

  /// Adds a call; beyond `limit` keys of one kind, further ones share the key `(other)`.
  mutating func add(_ call: EndedCall, limit: Int) {
    func add(_ call: EndedCall, to key: String, in totals: inout [String: UsageTotals]) {
      totals[totals[key] != nil || totals.count < limit ? key : UsageLedger.other, default: UsageTotals()]
        .add(call)
    }
    total.add(call)
    add(call, to: call.provider, in: &byProvider)
    add(call, to: call.model, in: &byModel)
    for (label, value) in call.labels { add(call, to: value, in: &byLabel[label, default: [:]]) }
    var key = ModelKey(provider: call.provider, model: call.model)
    if byProviderAndModel[key] == nil, byProviderAndModel.count >= limit {
      key = ModelKey(provider: UsageLedger.other, model: UsageLedger.other)
    }
    byProviderAndModel[key, default: UsageTotals()].add(call)
  }
}
