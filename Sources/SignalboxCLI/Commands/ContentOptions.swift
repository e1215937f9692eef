import Signalbox
import SignalboxLLM
import SignalboxServer
import Wire

/// How much of what is said a server keeps.
enum ContentOptions {
  static let options: [Option] = [
    .value(
      "content", "MODE", environment: "SIGNALBOX_CONTENT",
      "What is stored of events: full, redacted (without personal data and secrets), or metadata; default: full"
    ),
    .value(
      "redact-rules", "FILE", environment: "SIGNALBOX_REDACT_RULES",
      "What is redacted, and in which events (docs/redaction.md); without --content all are redacted"),
  ]

  static func apply(_ arguments: Arguments, to configuration: inout ServerConfiguration) throws(UsageError) {
    var policy = ContentPolicy()
    if let path = arguments.text("redact-rules") { policy = try read(path) }
    if let text = arguments.text("content") {
      guard let mode = ContentMode(rawValue: text) else {
        throw UsageError("--content takes full, redacted or metadata, not '\(PlainText.line(text))'")
      }
      policy.mode = mode
    }
    if !policy.keepsAll, arguments.text("record") != nil {
      throw UsageError(
        "--record writes calls as they are; it cannot be used where content is not kept in full")
    }
    configuration.content = policy
  }

  private static func read(_ path: String) throws(UsageError) -> ContentPolicy {
    let name = "--redact-rules \(PlainText.line(path))"
    guard let bytes = SmallFile.read(path, limit: 1 << 20) else {
      throw UsageError("\(name): the file cannot be read, or has more than 1 MiB")
    }
    do throws(ContentPolicy.Invalid) {
      return try ContentPolicy(parsing: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw UsageError("\(name): \(PlainText.line(error.description))")
    }
  }
}
