import Wire

/// What a segment's membership tells: which of these values its events carry.
enum MemberKind: UInt64, CaseIterable {
  case span = 1
  case trace, session, chain, request, provider, model, type

  var field: EventField {
    switch self {
    case .span: .span
    case .trace: .trace
    case .session: .session
    case .chain: .chain
    case .request: .request
    case .provider: .provider
    case .model: .model
    case .type: .type
    }
  }

  /// The number that stands for a value (as stored, escaped) in the membership. Two values may share one: then a
  /// segment is looked at in vain, nothing else.
  func key(_ value: UnsafeRawBufferPointer) -> UInt64 { stableHash(value, seed: rawValue) }

  func key(_ value: String) -> UInt64 {
    var writer = ByteWriter(capacity: value.utf8.count + 8)
    writer.append(jsonString: value)
    return key(UnsafeRawBufferPointer(rebasing: writer.raw[1..<writer.count - 1]))
  }
}

extension SipHash {
  /// The number of a span in its table: the value of a W3C id, else a keyed hash of the text.
  func spanKey(_ id: UnsafeRawBufferPointer) -> UInt64 {
    guard id.count == 16 else { return self(id) }
    var value: UInt64 = 0
    for byte in id {
      switch byte {
      case 48...57: value = value << 4 | UInt64(byte - 48)
      case 97...102: value = value << 4 | UInt64(byte - 87)
      default: return self(id)
      }
    }
    return value
  }
}
