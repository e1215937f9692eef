#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks of this machine: port, folder, variables.
enum LocalChecks {
  /// Whether a server could listen there.
  static func port(_ listen: String) -> Finding {
    guard let (host, port) = Endpoint.split(listen) else {
      return .bad("port", "'\(listen)' is no address to listen on", fix: "Say it as 127.0.0.1:7446.")
    }
    guard let descriptor = Endpoint.bound(host: host, port: port) else {
      return .warning("port", "\(host) is not an address of this machine", fix: "Listen on 127.0.0.1.")
    }
    defer { close(descriptor.socket) }
    guard descriptor.error == 0 else {
      if descriptor.error == EACCES {
        return .bad(
          "port", "this user may not listen on port \(port)", fix: "signalbox serve --listen \(host):7446")
      }
      return .bad(
        "port", "\(listen) is taken by another program, which is no Signalbox",
        fix: "signalbox serve --listen \(host):0 takes a free one; `ss -ltnp` names the program.")
    }
    return .good("port", "\(listen) is free")
  }

  /// Whether a server could keep its data there.
  static func data(_ path: String) -> Finding {
    var folder = path
    // What does not exist yet is made in the nearest folder that does.
    while !folder.isEmpty, access(folder, F_OK) != 0 {
      let cut = folder.lastIndex(of: "/")
      folder = cut.map { $0 == folder.startIndex ? "/" : String(folder[..<$0]) } ?? "."
    }
    guard access(folder, W_OK | X_OK) == 0 else {
      return .bad("data", "\(folder) cannot be written to", fix: "signalbox serve --data DIR, or chown it.")
    }
    var facts = statvfs()
    guard statvfs(folder, &facts) == 0 else {
      return .warning("data", "\(folder) does not tell how much room it has", fix: "df \(folder)")
    }
    let free = Int(facts.f_bavail) * Int(facts.f_frsize)
    let room = Figures.bytes(free)
    if free < 256 << 20 {
      return .bad("data", "\(path) has only \(room) left", fix: "Free some, or serve --data DIR elsewhere.")
    }
    if free < 2 << 30 {
      return .warning("data", "\(path) has only \(room) left", fix: "signalbox serve --retain-gb 1")
    }
    return .good("data", "\(path) can be written to, \(room) free")
  }

  /// Variables that look like ours and are none, and proxies that catch what is meant for this machine.
  static func variables(_ environment: [String: String], known: [String], base: String) -> [Finding] {
    var findings: [Finding] = []
    for name in environment.keys.sorted() where name.hasPrefix("SIGNALBOX_") && !known.contains(name) {
      let nearest = Nearest.of(name, in: known).map { "Did you mean \($0)?" } ?? "unset \(name)"
      findings.append(.warning("variables", "\(name) means nothing to Signalbox", fix: nearest))
    }
    let proxy = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].first {
      environment[$0]?.isEmpty == false
    }
    let spared = (environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
    if let proxy, base.contains("127.0.0.1") || base.contains("localhost"),
      !spared.contains("127.0.0.1"), !spared.contains("localhost"), spared != "*"
    {
      findings.append(
        .warning(
          "variables", "\(proxy) may send clients' requests for this machine to a proxy",
          fix: "export NO_PROXY=127.0.0.1,localhost"))
    }
    if let url = environment["OPENAI_BASE_URL"] {
      findings.append(
        url.hasPrefix(base)
          ? .good("variables", "OPENAI_BASE_URL leads here: OpenAI clients of this shell are seen")
          : .warning(
            "variables", "OPENAI_BASE_URL leads to \(url): those calls are not seen",
            fix: "export OPENAI_BASE_URL=\(base)/openai/v1, and serve --upstream openai=URL (without its /v1)"
          ))
    }
    if findings.isEmpty { findings.append(.good("variables", "none of them stands in the way")) }
    return findings
  }
}
