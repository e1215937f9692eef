/// What a model is asked.
public struct LLMRequest: Sendable, Hashable {
  /// As the provider spells it; passed on as it is.
  public var model: String
  public var messages: [Message]
  public var options: GenerationOptions

  public init(model: String, _ messages: [Message], options: GenerationOptions = .init()) {
    self.model = model
    self.messages = messages
    self.options = options
  }

  public init(model: String, _ prompt: String, options: GenerationOptions = .init()) {
    self.init(model: model, [.user(prompt)], options: options)
  }
}
