extension EventTypes {
  /// Signalbox's own types; `docs/events.schema.json` has their data.
  public static let signalbox: EventTypes = [
    .span(
      "llm", "A call of a model", ["input": "what it was given", "usage": "tokens", "timing": "how long"]),
    .event(
      "llm.annotation", "A source, or another note to an answer", ["annotation": "as it was written"]),
    .event("llm.opaque", "A part of a reply that means nothing here", ["payload": "as it came"]),
    .event("llm.metrics", "How the streams of a model went, added up", ["streams": "how many"]),
    .span("tool", "A call of a tool", ["id": "of the call", "arguments": "given", "result": "answered"]),
    .span("chain", "A run of a chain", ["steps": "names or number", "output": "its result"]),
    .event("chain.step", "A chain came to a step", ["name": "of the step", "fraction": "0 to 1"]),
    .span("step", "A step of a chain, or an instrumented method"),
    .span("agent", "A run of an agent", ["turns": "how often the model was asked", "usage": "summed"]),
    .event("agent.turn", "An agent asks its model", ["turn": "from 0"]),
    .span("retrieval", "A search for documents", ["query": "what for", "count": "how many"]),
    .span("chat", "The answering of a message in a session"),
    .event("chat.message", "Somebody wrote something in a session", ["content": "what"]),
    .event("chat.reply", "An answer in a session", ["content": "what"]),
    .event("log", "A line of a log", ["level": "trace to critical", "message": "the line"]),
    .event("signalbox.gap", "What a producer had to drop", ["dropped": "how many", "reason": "why"]),
    .event("signalbox.types", "What types an application declares", ["types": "name, meaning, fields"]),
  ]
}
