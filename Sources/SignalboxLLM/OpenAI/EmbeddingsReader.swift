package import JSONScan
internal import Signalbox
internal import Wire

/// Reads an answer of OpenAI Embeddings, and those of Ollama, for the model and the usage; the numbers are not
/// looked at.
package struct EmbeddingsReader {
  package init() {}

  /// Reads one payload into `part`, in place of what was there.
  package func read(_ root: JSONValueView, into part: inout ReplyPart) {
    part.clear()
    if let error = root["error"] ?? root[0]?["error"], !error.isNull {
      part.failure = .init(error)
      return
    }
    guard root["data"] ?? root["embeddings"] ?? root["embedding"] != nil else {
      part.isOpaque = true
      return
    }
    part.model = root["model"]?.text
    if let usage = root["usage"] {
      part.take(usage: usage)
    } else if let count = root["prompt_eval_count"]?.count {
      part.usage = TokenUsage(input: count, provenance: .providerPartial)
    }
    part.isEnd = true
  }
}
