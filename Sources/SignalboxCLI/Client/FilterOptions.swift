/// The filters that history, live and the tail share, as options.
enum FilterOptions {
  private static let names = [
    "type", "session", "trace", "span", "chain", "request", "provider", "model", "tag",
  ]

  static let all: [Option] = [
    .value("type", "PREFIX", "Only types that begin so, such as llm."),
    .value("session", "ID", environment: "SIGNALBOX_SESSION", "Only this session"),
    .value("trace", "ID", "Only this trace"),
    .value("span", "ID", "Only this span"),
    .value("chain", "ID", "Only this run of a chain"),
    .value("request", "ID", "Only this correlation id"),
    .value("provider", "NAME", "Only this provider"),
    .value("model", "NAME", "Only this model"),
    .value("tag", "KEY=VALUE", repeats: true, "Only with this tag"),
  ]

  static func add(_ arguments: Arguments, to query: inout Query) {
    for name in names {
      for value in arguments.all(name) { query.add(name, value) }
    }
  }
}
