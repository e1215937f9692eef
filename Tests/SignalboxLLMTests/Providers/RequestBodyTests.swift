import Signalbox
import Testing

@testable import SignalboxLLM

/// What is sent to each provider, against the JSON of its documentation.
struct RequestBodyTests {
  @Test func chat() throws {
    #expect(
      try Bodies.body(.openAI(key: "k"), "gpt-4o", ["Hi"], .init(maxTokens: 5, temperature: 0, stop: ["\n"]))
        == #"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":5,"temperature":0,"stop":["\n"]}"#
    )
    #expect(
      try Bodies.body(
        .compatible(name: "x", url: "http://h/v1"), "m", [.developer("D"), "Hi"], .init(maxTokens: 5),
        stream: false)
        == #"{"model":"m","messages":[{"role":"system","content":"D"},{"role":"user","content":"Hi"}],"max_tokens":5}"#
    )
  }

  @Test func chatTools() throws {
    let body = try Bodies.body(.openAI(key: "k"), "gpt-4o", Bodies.conversation, Bodies.options)
    #expect(body.contains(#"{"role":"developer","content":"Use metric units."}"#))
    #expect(body.contains(#"{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/4A=="}}"#))
    #expect(
      body.contains(
        #"{"role":"assistant","content":"Vienna.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Wien\"}"}}]}"#
      ))
    #expect(body.contains(#"{"role":"tool","tool_call_id":"call_1","content":"21 °C"}"#))
    // Servers that show their reasoning want it back; OpenAI shows none here.
    let compatible = try Bodies.body(.compatible(name: "x", url: "http://h"), "m", Bodies.conversation)
    #expect(
      compatible.contains(#""content":"Vienna.","reasoning_content":"A photo of Vienna.","tool_calls""#))
    #expect(
      body.contains(
        #""tools":[{"type":"function","function":{"name":"weather","description":"Tells the weather","parameters":{"type":"object""#
      ))
    #expect(body.contains(#""tool_choice":"auto","parallel_tool_calls":false"#))
    #expect(
      body.contains(#""response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"#))
    #expect(body.contains(#""strict":true}}"#))
    #expect(body.contains(#""n":2"#))
  }

  @Test func responses() throws {
    #expect(
      try Bodies.body(
        .openAIResponses(key: "k"), "gpt-5.2", ["Hi"], .init(maxTokens: 5, format: .json, reasoning: .low))
        == #"{"model":"gpt-5.2","input":[{"role":"user","content":"Hi"}],"stream":true,"max_output_tokens":5,"text":{"format":{"type":"json_object"}},"reasoning":{"effort":"low"},"include":["reasoning.encrypted_content"]}"#
    )
    let body = try Bodies.body(.openAIResponses(key: "k"), "gpt-4o", Bodies.conversation, Bodies.options)
    #expect(
      body.contains(#"{"type":"input_image","image_url":"data:image/jpeg;base64,/9j/4A==","detail":"auto"}"#))
    #expect(
      body.contains(
        #"{"type":"reasoning","summary":[{"type":"summary_text","text":"A photo of Vienna."}],"encrypted_content":"c2ln"},{"role":"assistant","content":"Vienna."},{"type":"function_call","call_id":"call_1","name":"weather","arguments":"{\"city\":\"Wien\"}"},{"type":"function_call_output","call_id":"call_1","output":"21 °C"}"#
      ))
    #expect(body.contains(#""text":{"format":{"type":"json_schema","name":"answer","schema":{"#))
  }

  @Test func anthropic() throws {
    #expect(
      try Bodies.body(
        .anthropic(key: "k"), "claude-sonnet-4-5", [.system("A"), "Hi"],
        .init(temperature: 0.5, stop: ["X"], user: "u"))
        == #"{"model":"claude-sonnet-4-5","max_tokens":16384,"system":"A","messages":[{"role":"user","content":"Hi"}],"stream":true,"temperature":0.5,"stop_sequences":["X"],"metadata":{"user_id":"u"}}"#
    )
    let body = try Bodies.body(.anthropic(key: "k"), "claude-opus-4-5", Bodies.conversation, Bodies.options)
    #expect(body.contains(#""max_tokens":500,"system":"Be brief.\n\nUse metric units.""#))
    #expect(
      body.contains(
        #"{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/4A=="}}"#))
    #expect(
      body.contains(
        #"{"role":"assistant","content":[{"type":"thinking","thinking":"A photo of Vienna.","signature":"c2ln"},{"type":"text","text":"Vienna."},{"type":"tool_use","id":"call_1","name":"weather","input":{"city":"Wien"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"21 °C"}]}"#
      ))
    #expect(body.contains(#""tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#))
    #expect(body.contains(#""output_config":{"format":{"type":"json_schema","schema":{"type":"object""#))
  }

  @Test(arguments: [
    ("claude-sonnet-4-5", ReasoningEffort.medium, #""thinking":{"type":"enabled","budget_tokens":8192}"#),
    ("claude-sonnet-4-5", .off, ""),
    (
      "claude-opus-4-6", .medium,
      #""thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"medium"}"#
    ),
    ("claude-opus-4-7", .off, #""thinking":{"type":"disabled"}"#),
  ])
  func anthropicThinking(model: String, effort: ReasoningEffort, expected: String) throws {
    let body = try Bodies.body(
      .anthropic(key: "k"), model, ["Hi"], .init(temperature: 0.5, reasoning: effort))
    if expected.isEmpty { #expect(!body.contains("thinking")) } else { #expect(body.contains(expected)) }
    // Thinking and temperature exclude each other.
    #expect(body.contains("temperature") == (model == "claude-sonnet-4-5" && effort == .off))
  }

  @Test func aThinkingBudgetFitsTheLimit() throws {
    let provider = Provider.anthropic(key: "k")
    let body = try Bodies.body(
      provider, "claude-sonnet-4-5", ["Hi"], .init(maxTokens: 2000, reasoning: .high))
    #expect(body.contains(#""max_tokens":2000"#))
    #expect(body.contains(#""budget_tokens":1999"#))
    #expect(
      try Bodies.dropped(provider, "claude-sonnet-4-5", .init(maxTokens: 500, reasoning: .high)) == [
        "reasoning"
      ])
  }

  @Test func gemini() throws {
    #expect(
      try Bodies.body(
        .gemini(key: "k"), "gemini-2.5-flash", [.system("A"), "Hi"],
        .init(maxTokens: 5, stop: ["X"], reasoning: .low))
        == #"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"systemInstruction":{"parts":[{"text":"A"}]},"generationConfig":{"maxOutputTokens":5,"stopSequences":["X"],"thinkingConfig":{"thinkingBudget":2048,"includeThoughts":true}}}"#
    )
    let body = try Bodies.body(.gemini(key: "k"), "gemini-3-pro", Bodies.conversation, Bodies.options)
    #expect(body.contains(#"{"inlineData":{"mimeType":"image/jpeg","data":"/9j/4A=="}}"#))
    #expect(
      body.contains(
        #"{"role":"model","parts":[{"text":"Vienna."},{"functionCall":{"id":"call_1","name":"weather","args":{"city":"Wien"}},"thoughtSignature":"c2ln"}]},{"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"weather","response":{"output":"21 °C"}}}]}"#
      ))
    #expect(body.contains(#""toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}"#))
    #expect(body.contains(#""responseMimeType":"application/json","responseJsonSchema":{"type":"object""#))
    #expect(body.contains(#""seed":7,"candidateCount":2"#))
  }

  @Test func ollama() throws {
    #expect(
      try Bodies.body(
        .ollama(), "qwen3", ["Hi"], .init(maxTokens: 5, seed: 1, format: .json, reasoning: .high))
        == #"{"model":"qwen3","messages":[{"role":"user","content":"Hi"}],"stream":true,"format":"json","think":true,"options":{"num_predict":5,"seed":1}}"#
    )
    #expect(
      try Bodies.body(.ollama(), "gpt-oss:20b", ["Hi"], .init(reasoning: .high), stream: false)
        == #"{"model":"gpt-oss:20b","messages":[{"role":"user","content":"Hi"}],"stream":false,"think":"high"}"#
    )
    let body = try Bodies.body(.ollama(), "m", Bodies.conversation, Bodies.options)
    #expect(body.contains(#""content":"What is this, and the weather there?","images":["/9j/4A=="]"#))
    #expect(body.contains(#""tool_calls":[{"function":{"name":"weather","arguments":{"city":"Wien"}}}]"#))
    #expect(body.contains(#"{"role":"tool","content":"21 °C","tool_name":"weather"}"#))
  }

  @Test func bedrock() throws {
    #expect(
      try Bodies.body(.bedrock(key: "k"), "amazon.nova-lite-v1:0", [.system("A"), "Hi"], .init(maxTokens: 5))
        == #"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"system":[{"text":"A"}],"inferenceConfig":{"maxTokens":5}}"#
    )
    let body = try Bodies.body(
      .bedrock(key: "k"), "anthropic.claude-sonnet-4-5-20250929-v1:0", Bodies.conversation, Bodies.options)
    #expect(body.contains(#"{"image":{"format":"jpeg","source":{"bytes":"/9j/4A=="}}}"#))
    #expect(
      body.contains(
        #"{"reasoningContent":{"reasoningText":{"text":"A photo of Vienna.","signature":"c2ln"}}},{"text":"Vienna."},{"toolUse":{"toolUseId":"call_1","name":"weather","input":{"city":"Wien"}}}"#
      ))
    #expect(body.contains(#"{"toolResult":{"toolUseId":"call_1","content":[{"text":"21 °C"}]}}"#))
    #expect(body.contains(#""toolChoice":{"auto":{}}"#))
    #expect(body.contains(#""structure":{"jsonSchema":{"name":"answer","schema":"{\"type\":\"object\""#))
    #expect(body.contains(#""requestMetadata":{"team":"search"}"#))
  }

  @Test func anAnswerGoesBackAsItCame() throws {
    var reply = Reply(provider: "anthropic", model: "m", requestID: "r")
    reply.text = "Hello"
    reply.reasoning = [ReasoningBlock(text: "hm", signature: "s")]
    reply.toolCalls = [ToolCall(id: "t", name: "f", arguments: "")]
    let body = try Bodies.body(.anthropic(key: "k"), "claude-opus-4-5", ["Hi", .assistant(reply)])
    #expect(
      body.contains(
        #"[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"Hello"},{"type":"tool_use","id":"t","name":"f","input":{}}]"#
      ))
  }

  @Test func argumentsThatAreNoObjectAreKept() throws {
    let call = Message.assistant("", toolCalls: [ToolCall(id: "t", name: "f", arguments: #"{"a": "#)])
    let body = try Bodies.body(.anthropic(key: "k"), "claude-opus-4-5", ["Hi", call])
    #expect(body.contains(#""input":{"arguments":"{\"a\": "}"#))
  }

  @Test func turnsOfOneRoleAreJoined() throws {
    let body = try Bodies.body(.bedrock(key: "k"), "m", ["One", "Two", .assistant("A"), "Three"])
    #expect(
      body.hasPrefix(
        #"{"messages":[{"role":"user","content":[{"text":"One"},{"text":"Two"}]},{"role":"assistant","content":[{"text":"A"}]},{"role":"user","content":[{"text":"Three"}]}]"#
      ))
  }

  @Test func extraIsMergedMemberByMember() throws {
    let extra: JSONObject = [
      "stream_options": ["include_obfuscation": false], "logprobs": true, "temperature": 1,
    ]
    #expect(
      try Bodies.body(.openAI(key: "k"), "gpt-4o", ["Hi"], .init(temperature: 0, extra: extra))
        == #"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"logprobs":true,"temperature":1}"#
    )
    let config: JSONObject = ["generationConfig": ["topK": 40]]
    #expect(
      try Bodies.body(.gemini(key: "k"), "m", ["Hi"], .init(extra: config))
        == #"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"topK":40}}"#)
  }

  @Test func jsonIsAskedInWordsWhereThereIsNoSwitch() throws {
    let body = try Bodies.body(
      .anthropic(key: "k"), "claude-opus-4-5", [.system("A"), "Hi"], .init(format: .json))
    #expect(body.contains(#""system":"A\n\nAnswer with one JSON value"#))
    let plain = Provider.compatible(
      name: "x", url: "http://h", capabilities: Capabilities.compatible.subtracting([.json, .jsonSchema]))
    let schema = try Bodies.body(plain, "m", ["Hi"], Bodies.options)
    #expect(schema.contains(#"{"role":"system","content":"Answer with one JSON value of this JSON Schema"#))
    #expect(!schema.contains("response_format"))
  }

  @Test func textsAreEscaped() throws {
    let body = try Bodies.body(.openAI(key: "k"), "m\"", [.user("a\"b\\c\n\u{1}")])
    #expect(body.contains(#""model":"m\"","messages":[{"role":"user","content":"a\"b\\c\n\u0001"}]"#))
  }
}
