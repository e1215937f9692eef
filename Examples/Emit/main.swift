// Emits a small run to a Signalbox server and to the terminal:
//
//   signalbox serve                     (in another terminal)
//   swift run EmitExample               (SIGNALBOX_URL and SIGNALBOX_KEY say where, when it is not here)
import Fetch
import Signalbox

let emitter = Emitter([TerminalExporter(), HTTPExporter()])

await Context.with {
  $0.session = "example"
} run: {
  await emitter.withSpan(.chain, "answer", input: "Which shoes are red?") { chain in
    let documents = await emitter.withSpan(.retrieval, "products", input: "red shoes") { span in
      span.progress(0.5, "index read")
      emitter.emit("cache.hit", ["bytes": 1024])
      return ["shoe 1", "shoe 2"]
    }
    await emitter.withSpan(.llm, "reply", provider: "example", model: "echo") { span in
      for word in documents { span.delta(word + " ") }
      span.usage(
        TokenUsage(input: 9, output: Int64(documents.count), provenance: .estimated(confidence: 0.5)))
    }
    chain.output(.int(Int64(documents.count)))
  }
}

if await !emitter.shutDown(within: .seconds(5)) {
  print("Not everything could be sent. Is a server running? Start one with: signalbox serve")
}
