extension Context {
  /// The members of a context; absent ones are left out of the event.
  public struct Fields: Sendable, Hashable {
    /// The run that it is part of, across processes.
    public var trace: TraceID?
    /// The piece of work in which it happens.
    public var span: SpanID?
    /// The span that `span` is part of.
    public var parent: SpanID?
    /// All others.
    private(set) var common = Common.none

    /// Says nothing yet.
    public init() {}

    /// A conversation, or a user's sitting; an id of 1–64 characters of `[A-Za-z0-9_-]`, as the next two.
    public var session: String? {
      get { common.members.session }
      set { change { $0.session = newValue } }
    }
    /// The run of a chain, as the page that watches it knows it.
    public var chain: String? {
      get { common.members.chain }
      set { change { $0.chain = newValue } }
    }
    /// Correlation id of the request that caused it all.
    public var request: String? {
      get { common.members.request }
      set { change { $0.request = newValue } }
    }
    /// Where in the program it happens.
    public var source: Source? {
      get { common.members.source }
      set { change { $0.source = newValue } }
    }
    /// The service, or the like, that does it: `namespace.kind.name`.
    public var identity: Identity? {
      get { common.members.identity }
      set { change { $0.identity = newValue } }
    }
    /// Who runs the model: `openai`, `anthropic`, …
    public var provider: String? {
      get { common.members.provider }
      set { change { $0.provider = newValue } }
    }
    /// The model's name, as its provider calls it.
    public var model: String? {
      get { common.members.model }
      set { change { $0.model = newValue } }
    }
    /// At most 32; keys of 1–64 bytes, values of at most 256 bytes.
    public var tags: [String: String] {
      get { common.members.tags }
      set { change { $0.tags = newValue } }
    }

    /// Changes several of the others at once.
    mutating func change(_ body: (inout Common.Members) -> Void) {
      var members = common.members
      body(&members)
      common = Common(members)
    }

    /// Takes what the same changes came to before.
    mutating func adopt(_ common: Common) { self.common = common }
  }

  /// What a span has in common with those around it: shared by them, because a span that copied it would cost more than
  /// its events.
  final class Common: Sendable, Hashable {
    struct Members: Sendable, Hashable {
      var session: String?
      var chain: String?
      var request: String?
      var source: Source?
      var identity: Identity?
      var provider: String?
      var model: String?
      var tags: [String: String] = [:]
    }

    static let none = Common(Members())

    let members: Members

    init(_ members: Members) { self.members = members }

    static func == (left: Common, right: Common) -> Bool { left === right || left.members == right.members }

    func hash(into hasher: inout Hasher) { hasher.combine(members) }
  }
}
