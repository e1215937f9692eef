import Signalbox

/// Adds up what calls use: by provider, by model, by both, and by labels such as the session.
///
/// Give it the events of every stream, or the replies of calls, not both of the same call. It may be called from any
/// task. Its memory is bounded by the number of keys and of open streams.
public final class UsageLedger: Sendable {
  /// Where the totals of further keys go once there are too many.
  public static let other = "(other)"

  /// What is known of a stream that has not ended.
  private struct OpenStream {
    let began: Double
    var firstTokenMS: Double?
    var attempts = 1
    /// Of the attempt under way.
    var usage: TokenUsage?
    /// Of the attempts before it, which are paid, too.
    var earlier: [TokenUsage] = []
  }

  private struct State {
    var snapshot = UsageSnapshot()
    var open: [String: OpenStream] = [:]
  }

  /// Streams open at once; beyond, the one that began first is forgotten.
  static let openLimit = 10_000
  private let prices: PriceTable
  private let labels: [String]
  private let keyLimit: Int
  private let state = Locked(State())

  /// - Parameters:
  ///   - labels: also add up by these: members of the events' metadata, else `session` and tags of the current
  ///     `Context`. Default: `session`.
  ///   - keyLimit: providers, models and values of a label at most, each; further ones share the key `(other)`.
  ///   - prices: for streams that ended in an error, whose events carry no cost.
  public init(labels: [String] = ["session"], keyLimit: Int = 1000, prices: PriceTable = .builtIn) {
    self.labels = labels
    self.keyLimit = max(keyLimit, 1)
    self.prices = prices
  }

  /// What has been added up.
  public var snapshot: UsageSnapshot {
    state.withLock { state in
      var snapshot = state.snapshot
      snapshot.open = state.open.count
      return snapshot
    }
  }

  /// Takes an event of a stream.
  public func record(_ event: StreamEvent) {
    let info = event.info
    switch event {
    case .start: state.withLock { Self.begin(info, in: &$0) }
    case .delta:
      state.withLock { state in
        guard let stream = state.open[info.streamID], stream.firstTokenMS == nil else { return }
        state.open[info.streamID]?.firstTokenMS = max(0, (info.timestamp - stream.began) * 1000)
      }
    case .usage(let usage): state.withLock { $0.open[info.streamID]?.usage = usage.usage }
    case .restart(let restart):
      state.withLock { state in
        guard var stream = state.open[info.streamID] else { return }
        if let usage = stream.usage { stream.earlier.append(usage) }
        stream.usage = nil
        stream.attempts = restart.attempt + 1
        state.open[info.streamID] = stream
      }
    case .complete(let complete): end(info, reply: complete.reply, isError: false)
    case .error(let error): end(info, reply: error.error.partial, isError: true)
    }
  }

  /// Takes the reply of a call whose events it was not given.
  public func record(_ reply: Reply) {
    var call = EndedCall(provider: reply.provider, model: reply.model, labels: labels(of: [:]))
    take(reply, into: &call)
    add(call)
  }

  /// Takes a call that failed, whose events it was not given.
  public func record(_ error: LLMError, provider: String, model: String) {
    var call = EndedCall(provider: provider, model: model, labels: labels(of: [:]), isError: true)
    if let partial = error.partial { take(partial, into: &call) }
    add(call)
  }

  // MARK: Ends

  private func end(_ info: StreamInfo, reply: Reply?, isError: Bool) {
    var call = EndedCall(
      provider: info.provider, model: info.model, labels: labels(of: info.metadata), isError: isError)
    let stream = state.withLock { $0.open.removeValue(forKey: info.streamID) }
    if let stream {
      call.attempts = stream.attempts
      call.firstTokenMS = stream.firstTokenMS
      call.durationMS = max(0, (info.timestamp - stream.began) * 1000)
      for usage in stream.earlier { take(usage, cost: nil, into: &call) }
    }
    if let reply { take(reply, into: &call) }
    if reply?.usage == nil, let usage = stream?.usage { take(usage, cost: nil, into: &call) }
    add(call)
  }

  private func take(_ reply: Reply, into call: inout EndedCall) {
    call.attempts = max(call.attempts, reply.attempts)
    if reply.timing.durationMS > 0 { call.durationMS = reply.timing.durationMS }
    call.firstTokenMS = reply.timing.firstTokenMS ?? call.firstTokenMS
    if let usage = reply.usage {
      take(usage, cost: reply.cost.amount == nil ? nil : reply.cost, into: &call)
    }
  }

  private func take(_ usage: TokenUsage, cost: Cost?, into call: inout EndedCall) {
    call.usages.append(usage)
    call.costs.append(cost ?? prices.cost(of: usage, provider: call.provider, model: call.model))
  }

  private func add(_ call: EndedCall) {
    state.withLock { $0.snapshot.add(call, limit: keyLimit) }
  }

  // MARK: Parts

  private static func begin(_ info: StreamInfo, in state: inout State) {
    if state.open.count >= openLimit, let oldest = state.open.min(by: { $0.value.began < $1.value.began }) {
      state.open[oldest.key] = nil
      state.snapshot.forgotten += 1
    }
    state.open[info.streamID] = OpenStream(began: info.timestamp)
  }

  private func labels(of metadata: [String: JSONValue]) -> [String: String] {
    var values: [String: String] = [:]
    let context = Context.current
    for label in labels {
      switch metadata[label] {
      case .string(let text): values[label] = text
      case .int(let number): values[label] = String(number)
      case .bool(let flag): values[label] = String(flag)
      default:
        values[label] = label == "session" ? context.session ?? context.tags[label] : context.tags[label]
      }
    }
    return values
  }
}
