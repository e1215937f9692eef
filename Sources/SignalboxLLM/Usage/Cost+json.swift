public import Signalbox
package import Wire

extension Cost {
  /// The `cost` of a usage event: `{"amount", "currency", "breakdown", "estimated"?, "date"?}`, or `{"unknown"}`.
  public var json: JSONValue {
    switch self {
    case .unknown(let reason): return ["unknown": .string(reason)]
    case .known(let cost):
      var parts = JSONObject()
      for (name, amount) in cost.parts where amount != .zero { parts["\(name)"] = .double(amount.value) }
      var object: JSONObject = [
        "amount": .double(cost.total), "currency": .string(cost.currency), "breakdown": .object(parts),
      ]
      if cost.isEstimated { object["estimated"] = true }
      object["date"] = cost.date.map { .string($0) }
      return .object(object)
    }
  }
}

extension CostBreakdown {
  /// The classes by the names that events give them.
  fileprivate var parts: [(StaticString, Amount)] {
    [
      ("input", inputAmount), ("cached_read", cachedReadAmount), ("cache_write", cacheWriteAmount),
      ("output", outputAmount),
    ]
  }
}

extension TokenUsage {
  /// The data of a usage event with what it cost.
  public func json(cost: Cost) -> JSONValue {
    guard case .object(var object) = json else { return json }
    object["cost"] = cost.json
    return .object(object)
  }
}

extension ByteWriter {
  /// Writes what `Cost.json` is, amounts as exact decimals.
  package mutating func append(cost: Cost) {
    switch cost {
    case .unknown(let reason):
      append("{\"unknown\":")
      append(jsonString: reason)
    case .known(let cost):
      append("{\"amount\":")
      append(cost.totalAmount)
      append(",\"currency\":")
      append(jsonString: cost.currency)
      append(",\"breakdown\":{")
      var isFirst = true
      for (name, amount) in cost.parts where amount != .zero {
        append(isFirst ? "\"" : ",\"")
        append(name)
        append("\":")
        append(amount)
        isFirst = false
      }
      append("}")
      if cost.isEstimated { append(",\"estimated\":true") }
      if let date = cost.date {
        append(",\"date\":")
        append(jsonString: date)
      }
    }
    append("}")
  }
}
