/// The providers that Signalbox knows. `url` replaces the address everywhere, also one from the environment;
/// `headers` go with every request.
extension Provider {
  /// OpenAI Chat Completions. `OPENAI_API_KEY`, `OPENAI_BASE_URL`.
  public static func openAI(
    key: String? = nil, url: String? = nil, headers: [String: String] = [:]
  ) -> Provider {
    Provider(
      "openai", .chat, .openAI,
      url: Setting(given: url, variables: ["OPENAI_BASE_URL"], fallback: "https://api.openai.com/v1"),
      key: key,
      keyVariables: ["OPENAI_API_KEY"], headers: headers)
  }

  /// OpenAI Responses, the API of its newer models. `OPENAI_API_KEY`, `OPENAI_BASE_URL`.
  public static func openAIResponses(
    key: String? = nil, url: String? = nil, headers: [String: String] = [:]
  ) -> Provider {
    Provider(
      "openai", .responses, .responses,
      url: Setting(given: url, variables: ["OPENAI_BASE_URL"], fallback: "https://api.openai.com/v1"),
      key: key,
      keyVariables: ["OPENAI_API_KEY"], headers: headers)
  }

  /// Anthropic Messages. `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`.
  public static func anthropic(
    key: String? = nil, url: String? = nil, headers: [String: String] = [:]
  ) -> Provider {
    var provider = Provider(
      "anthropic", .messages, .anthropic,
      url: Setting(given: url, variables: ["ANTHROPIC_BASE_URL"], fallback: "https://api.anthropic.com"),
      key: key, keyVariables: ["ANTHROPIC_API_KEY"], headers: headers)
    provider.keyHeader = .anthropic
    return provider
  }

  /// Azure OpenAI. `AZURE_OPENAI_ENDPOINT`, `AZURE_OPENAI_API_KEY`, `OPENAI_API_VERSION`.
  ///
  /// - Parameters:
  ///   - endpoint: such as `https://name.openai.azure.com`.
  ///   - deployment: default: the request's model.
  ///   - apiVersion: such as `2024-10-21`; without one, the endpoint's `/openai/v1` is used, which needs none.
  public static func azure(
    endpoint: String? = nil, deployment: String? = nil, apiVersion: String? = nil, key: String? = nil,
    headers: [String: String] = [:]
  ) -> Provider {
    var provider = Provider(
      "azure", .chat, .openAI, url: Setting(given: endpoint, variables: ["AZURE_OPENAI_ENDPOINT"]), key: key,
      keyVariables: ["AZURE_OPENAI_API_KEY"], headers: headers)
    provider.dialect = .azure
    provider.keyHeader = .azure
    provider.deployment = deployment
    provider.version = Setting(given: apiVersion, variables: ["OPENAI_API_VERSION"])
    return provider
  }

  /// Google Gemini. `GEMINI_API_KEY` or `GOOGLE_API_KEY`, `GOOGLE_GEMINI_BASE_URL` or `GEMINI_BASE_URL`.
  public static func gemini(
    key: String? = nil, url: String? = nil, headers: [String: String] = [:]
  ) -> Provider {
    var provider = Provider(
      "gemini", .gemini, .gemini,
      url: Setting(
        given: url, variables: ["GOOGLE_GEMINI_BASE_URL", "GEMINI_BASE_URL"],
        fallback: "https://generativelanguage.googleapis.com"), key: key,
      keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"], headers: headers)
    provider.keyHeader = .google
    return provider
  }

  /// Ollama's own API, on this machine unless said otherwise. `OLLAMA_HOST`, and for its cloud `OLLAMA_API_KEY`.
  public static func ollama(
    url: String? = nil, key: String? = nil, headers: [String: String] = [:]
  ) -> Provider {
    var provider = Provider(
      "ollama", .ollama, .ollama,
      url: Setting(given: url, variables: ["OLLAMA_HOST"], fallback: "http://127.0.0.1:11434"), key: key,
      keyVariables: ["OLLAMA_API_KEY"], headers: headers)
    provider.needsKey = false
    return provider
  }

  /// xAI. `XAI_API_KEY`, `XAI_BASE_URL`.
  public static func xAI(
    key: String? = nil, url: String? = nil, headers: [String: String] = [:]
  ) -> Provider {
    Provider(
      "xai", .chat, .compatible,
      url: Setting(given: url, variables: ["XAI_BASE_URL"], fallback: "https://api.x.ai/v1"), key: key,
      keyVariables: ["XAI_API_KEY"], headers: headers)
  }

  /// OpenRouter. `OPENROUTER_API_KEY`, `OPENROUTER_BASE_URL`.
  public static func openRouter(
    key: String? = nil, url: String? = nil, headers: [String: String] = [:]
  ) -> Provider {
    var provider = Provider(
      "openrouter", .chat, .compatible,
      url: Setting(
        given: url, variables: ["OPENROUTER_BASE_URL"], fallback: "https://openrouter.ai/api/v1"), key: key,
      keyVariables: ["OPENROUTER_API_KEY"], headers: headers)
    provider.dialect = .openRouter
    return provider
  }

  /// Amazon Bedrock Converse with a Bedrock API key, which is a bearer token. `AWS_BEARER_TOKEN_BEDROCK`;
  /// `AWS_REGION` or `AWS_DEFAULT_REGION`; `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`. Requests are not signed: pairs of
  /// access and secret key do not work here.
  public static func bedrock(
    region: String? = nil, key: String? = nil, url: String? = nil, headers: [String: String] = [:]
  ) -> Provider {
    var provider = Provider(
      "bedrock", .converse, .bedrock,
      url: Setting(given: url, variables: ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"]), key: key,
      keyVariables: ["AWS_BEARER_TOKEN_BEDROCK"], headers: headers)
    provider.region = Setting(
      given: region, variables: ["AWS_REGION", "AWS_DEFAULT_REGION"], fallback: "us-east-1")
    return provider
  }

  /// Any server that speaks OpenAI Chat Completions: llama.cpp, vLLM, Groq, DeepSeek, Mistral, LM Studio, ….
  ///
  /// - Parameters:
  ///   - name: what events call it.
  ///   - url: up to `/chat/completions`, such as `http://127.0.0.1:8080/v1`.
  ///   - key: sent as a bearer token; nil sends none.
  ///   - capabilities: what the server takes; leave out what it refuses.
  public static func compatible(
    name: String, url: String, key: String? = nil, headers: [String: String] = [:],
    capabilities: Capabilities = .compatible
  ) -> Provider {
    var provider = Provider(
      name, .chat, capabilities, url: Setting(given: url), key: key, headers: headers)
    provider.needsKey = false
    return provider
  }
}
