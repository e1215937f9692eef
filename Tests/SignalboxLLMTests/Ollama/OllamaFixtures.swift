/// Replies of Ollama, built with the types of its official SDK.
enum OllamaFixtures {
  static let chat: [String] = [
    #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.184789Z","message":{"role":"assistant","content":"","thinking":"First think"},"done":false}"#,
    #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.184789Z","message":{"role":"assistant","content":"Grü"},"done":false}"#,
    #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.184789Z","message":{"role":"assistant","content":"ße 😀\n"},"done":false}"#,
    #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.184789Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Wien"}}},{"id":"call_2","function":{"index":1,"name":"clock","arguments":{}}}]},"done":false}"#,
    #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.184789Z","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":4883583458,"load_duration":1334875,"prompt_eval_count":26,"prompt_eval_duration":342546000,"eval_count":282,"eval_duration":4535599000}"#,
  ]

  static let generate: [String] = [
    #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.184789Z","response":"Hel","done":false}"#,
    #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.184789Z","response":"lo","done":false}"#,
    #"{"model":"qwen3:0.6b","created_at":"2025-07-07T20:22:19.184789Z","response":"","done":true,"done_reason":"length","context":[1,2,3],"total_duration":5,"eval_count":2,"eval_duration":1}"#,
  ]
}
