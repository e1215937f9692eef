/// Replies as servers send them; each is fed whole, split at every byte, and byte by byte.
enum Fixtures {
  static let usage =
    #""usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":1,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#

  static let openAI = sse([
    chunk(
      #"{"role":"assistant","content":"","refusal":null}"#,
      extra: #","service_tier":"default","usage":null,"obfuscation":"a1b2"#.appending("\"")),
    chunk(#"{"content":"Gr\u00fc"}"#, extra: #","usage":null,"obfuscation":"x""#),
    chunk(#"{"content":"ße 😀\n\"hi\""}"#, extra: #","usage":null"#),
    chunk("{}", finish: "stop", extra: #","usage":null"#),
    #"{"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06","choices":[],"# + usage + "}",
  ])

  static let tools = sse([
    chunk(
      #"{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}}]}"#
    ),
    chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}"#),
    chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"\"Wien\"}"}}]}"#),
    chunk(
      #"{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"time","arguments":"{}"}}]}"#
    ),
    chunk("{}", finish: "tool_calls"),
  ])

  static let azure = sse([
    #"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#,
    chunk(#"{"content":"Hello"}"#),
    #"{"choices":[{"index":0,"finish_reason":null,"content_filter_results":{},"content_filter_offsets":{"start_offset":0}}],"created":0,"id":"","model":"","object":""}"#,
    chunk("{}", finish: "stop"),
  ])

  static let oddFraming =
    "\u{FEFF}: keep-alive\r\n\r\nevent: message\r\nid: 1\r\nretry: 10\r\ndata:" + chunk(#"{"content":"a"}"#)
    + "\r\n\r\ndata: {\"id\":\"c1\",\rdata: \"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}\r\rdata: [DONE]\n\n"

  static let plain =
    #"  {"id":"c2","object":"chat.completion","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","reasoning_content":"hm","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"t2","type":"function","function":{"name":"g","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}],"#
    + usage + "}\n"

  static let errorInStream =
    sse([chunk(#"{"content":"a"}"#)], done: false)
    + "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n"

  static let cut = sse([chunk(#"{"content":"a"}"#), chunk(#"{"content":"b"}"#)], done: false)

  static let all = [openAI, tools, azure, oddFraming, plain, errorInStream, cut]
}
