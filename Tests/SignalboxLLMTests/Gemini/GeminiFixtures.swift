/// Replies of Gemini, built with the types of its official SDK.
enum GeminiFixtures {
  static let text: [String] = [
    #"{"candidates":[{"content":{"parts":[{"text":"First think","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":20,"thoughtsTokenCount":11},"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#,
    #"{"candidates":[{"content":{"parts":[{"text":"Grü"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":22,"thoughtsTokenCount":11},"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#,
    #"{"candidates":[{"content":{"parts":[{"text":"ße 😀\n"},{"text":"","thoughtSignature":"Q2lR"}],"role":"model"},"finishReason":"STOP","index":0,"groundingMetadata":{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"https://example.com","title":"e"}}]},"citationMetadata":{"citations":[{"startIndex":0,"endIndex":4,"uri":"https://example.com/c"}]}}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":3,"toolUsePromptTokenCount":2,"thoughtsTokenCount":11,"totalTokenCount":25},"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#,
  ]

  static let tools: [String] = [
    #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"weather","args":{"city":"Wien","n":[1,2]}},"thoughtSignature":"Q2lS"},{"functionCall":{"id":"fn_2","name":"clock","args":{}}}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":5,"totalTokenCount":5},"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#,
    #"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":8,"totalTokenCount":13},"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#,
  ]

  static let twoCandidates: [String] = [
    #"{"candidates":[{"content":{"parts":[{"text":"A"}],"role":"model"},"index":0},{"content":{"parts":[{"text":"B"}],"role":"model"},"index":1}],"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#,
    #"{"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"finishReason":"STOP","index":0},{"content":{"parts":[{"text":"b"}],"role":"model"},"finishReason":"MAX_TOKENS","index":1}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":4,"totalTokenCount":5},"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#,
  ]

  static let blocked: [String] = [
    #"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#
  ]

  static let media: [String] = [
    #"{"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON","code":"print(1)"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1\n"}},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},{"text":"1"}],"role":"model"},"finishReason":"STOP","index":0}],"modelVersion":"gemini-2.5-flash","responseId":"g1"}"#
  ]
}
