/// The demo's second run, which goes on beside the first: a chain that reads two documents at once and joins
/// what it found.
enum DemoChain {
  static func summary() -> [DemoEvent] {
    var chain = DemoScript()
    chain.add(
      900, "chain.start", .start, "chain",
      #"{"name":"release notes","steps":["read","write"],"input":"v2.3 … v2.4"}"#)
    chain.add(20, "step.start", .start, "read", in: "chain", #"{"name":"read"}"#)
    chain.add(310, "step.progress", .progress, "read", #"{"fraction":0.5,"message":"41 of 82 commits"}"#)
    chain.add(290, "step.end", .end, "read", #"{"name":"read","output":"82 commits"}"#)
    chain.add(10, "chain.step", .progress, "chain", #"{"name":"write","step":1,"steps":2,"fraction":0.5}"#)
    chain.add(10, "step.start", .start, "write", in: "chain", #"{"name":"write"}"#)
    chain.add(
      15, "llm.start", .start, "notes", in: "write", model: "gpt-4o-mini",
      #"{"operation":"chat","endpoint":"/v1/chat/completions","stream":true,"input":"82 commits"}"#)
    chain.stream(
      "notes", channel: "text", first: 410, every: 34,
      "Version 2.4 opens large projects three times faster, keeps your filters between visits, and no longer "
        + "loses a draft when the network drops. Thanks to the 14 people who sent patches. 🎉")
    chain.add(
      20, "llm.usage", .usage, "notes",
      #"{"input":5120,"cached_read":4096,"output":47,"total":9263,"provenance":"provider_final"}"#)
    chain.add(5, "llm.end", .end, "notes", #"{"finish_reason":"stop","response":"demo-notes"}"#)
    chain.add(10, "step.end", .end, "write", #"{"name":"write"}"#)
    chain.add(10, "chain.end", .end, "chain", #"{"name":"release notes","output":"47 words"}"#)
    return chain.events
  }
}
