import SignalboxLLM

/// Why a question was not answered, in a person's words, and what would help.
enum AskFailure {
  static func failure(_ error: LLMError, provider: Provider, model: String) -> Failure {
    // What a provider says does not tell who says it.
    let who = error.status == nil ? "" : "\(PlainText.line(provider.name)): "
    return Failure(message: who + PlainText.line(error.message), fix: fix(error, model))
  }

  private static func fix(_ error: LLMError, _ model: String) -> String {
    switch error.code {
    case .unauthorized where error.status == nil:
      "Export the variable with your key, or name another one with --key-from."
    case .unauthorized:
      "Check the key: it may be wrong, expired, or not allowed to use \(PlainText.line(model))."
    case .rateLimited:
      error.retryAfter.map {
        "Try again in \(Figures.duration(milliseconds: Double($0.components.seconds) * 1000))."
      }
        ?? "Try again later, or check your plan with the provider."
    case .overloaded, .providerFailed: "Try again: the fault is the provider's."
    case .unreachable:
      "Check that the server runs and that --url, or the variable with its address, is right."
    case .timeout: "Try again, or with a shorter question."
    case .invalidRequest where error.status == 404:
      "Check the name of the model ('\(PlainText.line(model))') and the address."
    case .incomplete: "What is above is what came. Try again."
    default: ""
    }
  }
}
