package import Wire

/// What the bearer of a token may see. It is ANDed to whatever the bearer asks for.
///
/// Sessions, chains and traces are places: an event is seen when it lies in one of them (and its type is allowed).
/// A grant that names no place at all shows nothing; one for every place says so (`isEverywhere`).
package struct Grant: Hashable, Sendable {
  /// Every session, chain and trace, whatever the lists say.
  package var isEverywhere: Bool
  /// Ids of what may be seen.
  package var sessions: Set<String>
  package var chains: Set<String>
  package var traces: Set<String>
  /// Beginnings of types, any of which will do; empty: every type.
  package var types: [String]
  /// Whether prompts, answers, arguments, results and error texts are shown, or structure, timing and counts only.
  package var content: Bool
  /// Whether running traces that are seen may be cancelled.
  package var cancel: Bool
  /// Whether messages may be written in the sessions that it names.
  package var speak: Bool

  package init(
    sessions: Set<String> = [], chains: Set<String> = [], traces: Set<String> = [], types: [String] = [],
    content: Bool = false, cancel: Bool = false, speak: Bool = false,
    isEverywhere: Bool = false
  ) {
    self.sessions = sessions
    self.chains = chains
    self.traces = traces
    self.types = types
    self.content = content
    self.cancel = cancel
    self.speak = speak
    self.isEverywhere = isEverywhere
  }

  /// Everything, with its content: what a key with the scope `read` has, and everybody where no keys are asked for.
  package static let everything = Grant(content: true, cancel: true, speak: true, isEverywhere: true)

  /// Whether its bearer may name that session: open its socket, ask for its events.
  package func allows(session: String) -> Bool { isEverywhere || sessions.contains(session) }

  /// Whether its bearer may name that chain. Within the sessions of the grant any chain may be asked for: what is
  /// seen of it is what lies in them.
  package func allows(chain: String) -> Bool {
    isEverywhere || chains.contains(chain) || !sessions.isEmpty || !traces.isEmpty
  }

  /// Whether its bearer may name that trace. Within its sessions and chains any trace may be asked for.
  package func allows(trace: String) -> Bool {
    isEverywhere || traces.contains(trace) || !sessions.isEmpty || !chains.isEmpty
  }

  /// Whether what lies there is seen.
  package func sees(session: String?, chain: String?, trace: String?) -> Bool {
    isEverywhere || session.map(sessions.contains) == true || chain.map(chains.contains) == true
      || trace.map(traces.contains) == true
  }

  /// Whether events of that type are seen.
  package func sees(type: String) -> Bool { types.isEmpty || types.contains(where: type.hasPrefix) }

  /// What a filter names that its bearer may not name; nil: nothing.
  package func denied(in filter: EventFilter) -> (field: String, value: String)? {
    if let session = filter.session, !allows(session: session) { return ("session", session) }
    if let chain = filter.chain, !allows(chain: chain) { return ("chain", chain) }
    if let trace = filter.trace, !allows(trace: trace) { return ("trace", trace) }
    // Whoever may not see a tag must not find out what it says by asking.
    if !content, let tag = filter.tags.first { return ("tag", tag.key) }
    return nil
  }

  /// The one place where a grant is put on what its bearer asks for: what comes out matches nothing that is not seen,
  /// whoever reads by it (live, history, traces).
  package func narrow(_ filter: EventFilter) throws(APIError) -> EventFilter {
    if let (field, value) = denied(in: filter) {
      throw APIError(
        403, "not_yours", "This token does not give access to the \(field) \(value.prefix(64))", field: field,
        hint: "Ask for what the token names, or for a token that names it")
    }
    guard !isEverywhere || !types.isEmpty else { return filter }
    var filter = filter
    var bounds = EventBounds()
    bounds.isEverywhere = isEverywhere
    bounds.sessions = sessions
    bounds.chains = chains
    bounds.traces = traces
    bounds.types = types
    filter.bounds = bounds
    guard !isEverywhere, sessions.count + chains.count + traces.count == 1 else { return filter }
    // The only place there is may as well be asked for: what is named is found without a search.
    filter.session = sessions.first ?? filter.session
    filter.chain = chains.first ?? filter.chain
    filter.trace = traces.first ?? filter.trace
    return filter
  }
}
