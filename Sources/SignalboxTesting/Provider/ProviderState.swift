/// What a scripted provider has been told and asked.
struct ProviderState {
  struct Rule: Sendable {
    var path: String?
    var model: String?
    var replies: [ScriptedReply]
    var used = 0

    func fits(_ request: ReceivedRequest) -> Bool {
      if let path, request.path.prefix(while: { $0 != "?" }) != path { return false }
      return model == nil || request.model == model
    }
  }

  /// The last one has the replies for everything else.
  var rules: [Rule]
  var requests: [ReceivedRequest] = []
  var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  var stalled = 0
  var stallWatchers: [CheckedContinuation<Void, Never>] = []
  /// Raised by each release.
  var releases = 0
  var isStopped = false

  /// Puts a rule behind the others, before the replies for everything else.
  mutating func add(_ rule: Rule) { rules.insert(rule, at: rules.count - 1) }

  /// The reply to a request, and who has waited for it.
  mutating func take(_ request: ReceivedRequest) -> (ScriptedReply?, [CheckedContinuation<Void, Never>]) {
    requests.append(request)
    let ready = watchers.filter { $0.count <= requests.count }.map(\.continuation)
    watchers.removeAll { $0.count <= requests.count }
    let rule = rules.firstIndex { $0.fits(request) && !$0.replies.isEmpty }
    guard let rule else { return (nil, ready) }
    defer { rules[rule].used += 1 }
    return (rules[rule].replies[min(rules[rule].used, rules[rule].replies.count - 1)], ready)
  }
}
