internal import Signalbox

/// All that a call goes by; decided when it is made, not when it is read.
struct CallPlan: Sendable {
  let client: LLMClient
  let request: LLMRequest
  let isStream: Bool
  /// The context of the call's own events.
  let context: Context
  let requestID: String

  init(client: LLMClient, request: LLMRequest, isStream: Bool, outer: Context) {
    self.client = client
    self.request = request
    self.isStream = isStream
    requestID = outer.request ?? EventID.generate().description
    var context = outer
    context.parent = outer.span
    context.span = .generate()
    if context.trace == nil { context.trace = .generate() }
    context.request = requestID
    context.provider = client.provider.name
    context.model = request.model.isEmpty ? nil : request.model
    self.context = context
  }

  /// What every event of the call says; the time comes with each.
  var info: StreamInfo {
    StreamInfo(
      provider: client.provider.name, model: request.model, requestID: requestID,
      streamID: context.span?.description ?? "", timestamp: 0,
      metadata: request.options.metadata.mapValues { .string($0) })
  }
}
