/// Replies of Anthropic Messages; the payloads are written by the official SDK's own types.
enum MessagesFixtures {
  static let start =
    #"{"message":{"id":"msg_01","container":null,"content":[],"model":"claude-sonnet-4-5-20250929","role":"assistant","stop_details":null,"stop_reason":null,"stop_sequence":null,"type":"message","usage":{"cache_creation":{"ephemeral_1h_input_tokens":20,"ephemeral_5m_input_tokens":10},"cache_creation_input_tokens":30,"cache_read_input_tokens":100,"input_tokens":12,"output_tokens":1,"output_tokens_details":null,"server_tool_use":null,"service_tier":"standard"}},"type":"message_start"}"#

  static func block(_ index: Int, _ block: String) -> String {
    #"{"type":"content_block_start","index":\#(index),"content_block":\#(block)}"#
  }

  static func delta(_ index: Int, _ delta: String) -> String {
    #"{"type":"content_block_delta","index":\#(index),"delta":\#(delta)}"#
  }

  static func text(_ text: String, _ index: Int = 0) -> String {
    delta(index, #"{"type":"text_delta","text":"\#(text)"}"#)
  }

  static func arguments(_ text: String, _ index: Int) -> String {
    delta(index, #"{"type":"input_json_delta","partial_json":"\#(text)"}"#)
  }

  static func blockStop(_ index: Int) -> String { #"{"type":"content_block_stop","index":\#(index)}"# }

  static func stop(_ reason: String, usage: String = #"{"output_tokens":42}"#) -> String {
    #"{"type":"message_delta","delta":{"container":null,"stop_details":null,"stop_reason":"\#(reason)","stop_sequence":null},"usage":\#(usage)}"#
  }

  static let emptyText = #"{"citations":null,"text":"","type":"text"}"#
  static let ping = #"{"type": "ping"}"#
  static let end = #"{"type":"message_stop"}"#

  /// A stream with the given events between its start and its end.
  static func stream(_ events: [String], _ reason: String = "end_turn") -> String {
    typedSSE([start] + events + [stop(reason), end])
  }

  static let plainText = stream([
    block(0, emptyText), ping, text(#"Gr\u00fc"#), text(#"ße 😀\n"#), text("wieder"), blockStop(0),
  ])

  /// Reasoning that is signed, reasoning that is kept from us, text, and two tools.
  static let tools = stream(
    [
      block(0, #"{"signature":"","thinking":"","type":"thinking"}"#),
      delta(0, #"{"type":"thinking_delta","thinking":"Hm, "}"#),
      delta(0, #"{"type":"thinking_delta","thinking":"weather."}"#),
      delta(0, #"{"type":"signature_delta","signature":"EqQBCg=="}"#), blockStop(0),
      block(1, #"{"data":"EmwK","type":"redacted_thinking"}"#), blockStop(1),
      block(2, emptyText), text("Let me look.", 2), blockStop(2),
      block(
        3,
        #"{"id":"toolu_1","caller":null,"input":{},"name":"weather","type":"tool_use","toolset_name":null}"#),
      arguments("", 3), arguments(#"{\"city\": \"Wi"#, 3), arguments(#"en\"}"#, 3), blockStop(3),
      block(4, #"{"id":"toolu_2","input":{"zone": "CET"},"name":"time","type":"tool_use"}"#), blockStop(4),
    ], "tool_use")

  /// A search that Anthropic makes itself, its results, and text that cites them.
  static let search = stream([
    block(
      0, #"{"id":"srvtoolu_1","caller":null,"input":{},"name":"web_search","type":"server_tool_use"}"#),
    arguments(#"{\"query\":\"a\"}"#, 0), blockStop(0),
    block(
      1,
      #"{"caller":null,"content":[{"encrypted_content":"E","page_age":null,"title":"A","type":"web_search_result","url":"https://a.example"}],"tool_use_id":"srvtoolu_1","type":"web_search_tool_result"}"#
    ), blockStop(1),
    block(2, emptyText), text("It is so.", 2),
    delta(
      2,
      #"{"citation":{"cited_text":"c","encrypted_index":"I","title":"A","type":"web_search_result_location","url":"https://a.example"},"type":"citations_delta"}"#
    ), blockStop(2),
  ])

  static let overloaded =
    typedSSE([start, block(0, emptyText), text("I thi")])
    + typedSSE([
      #"{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#
    ])

  static let whole =
    #"{"id":"msg_02","content":[{"signature":"Sig","thinking":"Hm.","type":"thinking"},{"data":"EmwK","type":"redacted_thinking"},{"citations":[{"cited_text":"c","document_index":0,"type":"char_location"}],"text":"Hi","type":"text"},{"id":"toolu_1","input":{"city":"Wien"},"name":"weather","type":"tool_use"},{"id":"toolu_2","input":{},"name":"now","type":"tool_use"},{"content":[],"tool_use_id":"srvtoolu_1","type":"web_search_tool_result"}],"model":"claude-sonnet-4-5-20250929","role":"assistant","stop_details":null,"stop_reason":"tool_use","stop_sequence":null,"type":"message","usage":{"cache_creation":null,"cache_creation_input_tokens":0,"cache_read_input_tokens":100,"input_tokens":12,"output_tokens":42,"output_tokens_details":{"thinking_tokens":7},"service_tier":"priority"}}"#

  static let all = [plainText, tools, search, overloaded, whole]
}
