import Foundation
import Signalbox
import Testing

@testable import SignalboxLLM

/// Request bodies against the types of the providers' official Python SDKs.
///
/// `SIGNALBOX_SDK_PYTHON` names a Python that has them: see `Support/check_bodies.py`.
struct SDKTypesTests {
  static let python = ProcessInfo.processInfo.environment["SIGNALBOX_SDK_PYTHON"]

  static let cases: [(Provider, String, GenerationOptions)] = {
    var cases: [(Provider, String, GenerationOptions)] = []
    let providers: [(Provider, [String])] = [
      (.openAI(key: "k"), ["gpt-4o", "o3-mini", "gpt-5.2"]),
      (.openAIResponses(key: "k"), ["gpt-4o", "gpt-5.2"]),
      (.anthropic(key: "k"), ["claude-sonnet-4-5", "claude-opus-4-7"]),
      (.gemini(key: "k"), ["gemini-2.5-pro", "gemini-3-pro"]), (.ollama(), ["qwen3", "gpt-oss"]),
      (.bedrock(key: "k"), ["amazon.nova-lite-v1:0", "anthropic.claude-opus-4-6-v1"]),
    ]
    for (provider, models) in providers {
      for model in models {
        cases.append((provider, model, .init()))
        for reasoning in [nil, ReasoningEffort.off, .low, .high] as [ReasoningEffort?] {
          for choice in [ToolChoice.auto, .required, .never, .tool("weather")] {
            var options = Bodies.options
            options.toolChoice = choice
            options.reasoning = reasoning
            options.maxTokens = 20_000
            cases.append((provider, model, options))
          }
        }
        cases.append((provider, model, .init(format: .json)))
      }
    }
    return cases
  }()

  @Test(.enabled(if: python != nil, "SIGNALBOX_SDK_PYTHON is not set"))
  func bodiesAreWhatTheSDKsKnow() throws {
    var lines = ""
    for (provider, model, options) in Self.cases {
      let body = try Bodies.body(provider, model, Bodies.conversation, options)
      let name = "\(provider.name)/\(model) \(options.toolChoice.map { "\($0)" } ?? "")"
      lines +=
        #"{"name":\#(JSONValue.string(name)),"api":"\#(provider.api.rawValue)","body":\#(body)}"# + "\n"
    }
    // From a file: a pipe would have to be written while what comes back is read.
    let file = FileManager.default.temporaryDirectory.appending(path: "bodies-\(UUID()).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(lines.utf8).write(to: file)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = [
      #filePath.replacing("Providers/SDKTypesTests.swift", with: "Support/check_bodies.py"), file.path,
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(said == "")
    #expect(process.terminationStatus == 0)
  }
}
