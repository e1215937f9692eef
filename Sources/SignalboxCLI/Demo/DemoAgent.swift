/// A believable afternoon of a support agent: it looks things up, thinks, calls a tool, is turned away by a busy
/// provider, tries again and answers. Nothing of it is real, and every event says so by its tag.
enum DemoAgent {
  /// The whole run, in order.
  static func support() -> [DemoEvent] {
    var script = DemoScript()
    lookUp(&script)
    decide(&script)
    useTool(&script)
    answer(&script)
    return script.events
  }

  private static func lookUp(_ script: inout DemoScript) {
    script.add(
      0, "agent.start", .start, "agent",
      #"{"name":"support","input":"Where is my order 4821, and can I still change the address?"}"#)
    script.add(
      30, "retrieval.start", .start, "docs", in: "agent",
      #"{"name":"help-center","query":"change delivery address after dispatch"}"#)
    script.add(
      90, "retrieval.progress", .progress, "docs", #"{"fraction":0.4,"message":"searching 1200 articles"}"#)
    script.add(
      140, "retrieval.end", .end, "docs",
      #"{"name":"help-center","count":3,"documents":["delivery/redirect","delivery/tracking","returns/intro"]}"#
    )
    script.add(20, "rag.reranked", nil, "docs", #"{"kept":2,"best":"delivery/redirect","score":0.91}"#)
  }

  private static func decide(_ script: inout DemoScript) {
    script.start(
      call: "plan", wait: 40, model: "gpt-4o",
      messages: #"[{"role":"user","content":"Where is my order 4821, and can I still change the address?"}]"#)
    script.stream(
      "plan", channel: "reasoning", first: 380, every: 24,
      "The customer asks two things. I need the state of order 4821 first; whether the address can change "
        + "depends on it. The help page says a redirect works until the parcel is out for delivery.")
    script.stream(
      "plan", channel: "tool_arguments", first: 90, every: 30, #"{"order": "4821", "fields": ["state"]}"#)
    script.end(call: "plan", reason: "tool_calls", input: 1184, output: 96, reasoning: 61)
  }

  private static func useTool(_ script: inout DemoScript) {
    script.add(
      25, "tool.start", .start, "order", in: "agent",
      #"{"name":"look_up_order","id":"call_7Q2","arguments":{"order":"4821","fields":["state"]}}"#)
    script.add(
      310, "tool.progress", .progress, "order", #"{"fraction":0.5,"message":"asking the warehouse"}"#)
    script.add(
      420, "tool.end", .end, "order",
      #"{"name":"look_up_order","id":"call_7Q2","result":{"state":"in transit","hub":"Rotterdam","eta":"Tuesday"}}"#
    )
  }

  private static func answer(_ script: inout DemoScript) {
    script.start(
      call: "crowded", wait: 30, model: "gpt-4o",
      messages: #"[{"role":"tool","content":"in transit, Rotterdam, Tuesday"}]"#)
    script.add(
      260, "llm.error", .error, "crowded",
      #"{"reason":"failed","message":"Rate limit reached for gpt-4o: try again in 600 ms","code":"rate_limit_exceeded","status":429,"retryable":true,"retry_after_ms":600}"#
    )
    script.start(
      call: "answer", wait: 600, model: "gpt-4o-mini",
      messages: #"[{"role":"tool","content":"in transit, Rotterdam, Tuesday"}]"#)
    script.stream("answer", channel: "text", first: 290, every: 28, "Good news: your order 4821 is")
    script.add(
      500, "llm.restart", .restart, "answer",
      #"{"attempt":1,"discard_from":0,"message":"the connection was reset"}"#)
    script.stream(
      "answer", channel: "text", first: 330, every: 28,
      "Good news: order 4821 is on its way. It passed our hub in Rotterdam this morning and should reach you "
        + "on Tuesday. 📦\n\nYou can still change the address until it is out for delivery: open "
        + "“My orders”, choose the parcel, then “Redirect”. Shall I do it for you?")
    script.end(call: "answer", reason: "stop", input: 1312, output: 71, reasoning: 0)
    script.add(
      40, "agent.end", .end, "agent",
      #"{"name":"support","output":"Order 4821 arrives on Tuesday; the address can still be changed.","turns":2}"#
    )
  }
}
