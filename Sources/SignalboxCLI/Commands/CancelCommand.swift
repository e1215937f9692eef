import Fetch
import JSONScan
import Wire

enum CancelCommand: Command {
  static let spec = CommandSpec(
    name: "cancel", summary: "Stop what runs of a trace", operands: "TRACE", operandCount: 1...1,
    details: """
      Calls that go through the gateway are broken off at once; applications that send their events here hear of it
      with their next answer, within two seconds or so. What was cancelled ends with the reason `cancelled`.
      """,
    options: [.flag("json", "Print what the server answers")] + ServerClient.options,
    examples: [
      Example(
        "signalbox cancel 4bf92f3577b34da6a3ce929d0e0e4736", "Stops one; `signalbox traces` lists them.")
    ])

  static func run(_ arguments: Arguments) async throws -> Int32 {
    let client = try ServerClient(arguments)
    let trace = arguments.operands[0]
    let body = try await client.call("POST", "/v1/traces/\(Query.escaped(trace))/cancel")
    if arguments.has("json") {
      Output.line(String(decoding: body.raw, as: UTF8.self))
      return 0
    }
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    let root = try parser.scan(copying: body.raw).root
    let calls = root["calls"]?.int ?? 0
    let producers = root["producers"]?.int ?? 0
    Output.line(
      "cancelled: \(calls) call\(calls == 1 ? "" : "s") of the gateway ended, \(producers) application\(producers == 1 ? "" : "s") told"
    )
    return 0
  }
}
