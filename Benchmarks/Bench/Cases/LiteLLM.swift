import BenchCore

extension Case {
  static let litellm = Case(
    name: "litellm",
    method: "Requests a second on one core, streams of 50 chunks, beside LiteLLM's proxy with one worker.",
    isLong: true
  ) { bench in
    let upstream = try bench.upstream(chunks: 50)
    defer { upstream.stop() }
    let signalbox = try bench.signalbox("--upstream", "openai=http://127.0.0.1:\(upstream.port)")
    defer { signalbox.stop() }
    let litellm = try proxy(bench, upstream)
    defer { litellm.stop() }
    let found = try bench.alternate(
      "streams of 50 chunks",
      [
        Contestant(name: "litellm", server: litellm, options: [("path", "/v1/chat/completions")]),
        Contestant(name: "signalbox", server: signalbox, options: [("path", "/openai/v1/chat/completions")]),
      ], Load("calls", ["concurrency": 16, "seconds": max(6, bench.seconds)]))
    for (name, answers) in found.sorted(by: { $0.key < $1.key }) {
      let failed = try bench.values("failed", answers).reduce(0, +)
      guard failed == 0 else { throw Failure("\(name) refused \(failed.short) calls") }
    }
    let ours = try bench.values("requests_per_s", found["signalbox"])
    let theirs = try bench.values("requests_per_s", found["litellm"])
    bench.add("streams of 50 chunks: litellm", theirs, "requests/s")
    bench.add("streams of 50 chunks: signalbox", ours, "requests/s", .higher)
    bench.add(
      "streams of 50 chunks: ratio to LiteLLM", Spread.ratios(ours, to: theirs), "×", goal: 50, .higher)
  }

  private static func proxy(_ bench: Bench, _ upstream: Server) throws(Failure) -> Server {
    _ = try bench.interpreter("litellm")
    let folder = try bench.newFolder()
    let port = try Peer.freePort()
    let configuration = """
      model_list:
        - model_name: gpt-4o-mini
          litellm_params:
            model: openai/gpt-4o-mini
            api_key: sk-bench
            api_base: http://127.0.0.1:\(upstream.port)/v1

      """
    try Files.write(folder + "/config.yaml", configuration.utf8)
    return try Server(
      [
        "\(Machine.built)/litellm/bin/litellm", "--config", "config.yaml", "--host", "127.0.0.1", "--port",
        "\(port)",
        "--num_workers", "1", "--telemetry", "False",
      ], port: port, name: "litellm", folder: folder,
      environment: [
        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": "sk-bench",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
      ], patience: 120)
  }
}
