internal import Signalbox

/// One run of a service: announces it, makes it, and tells how it ended, once.
struct ServiceRun<Service: LLMService> {
  let identity: Identity
  let correlationID: String
  private let service: Service
  private let notes: ServiceNotes
  private let isStreaming: Bool
  private let capture: ContentCapture

  /// Carries an error through the span without a word that events may not hold.
  private struct Veiled: Error, CustomStringConvertible {
    let error: ServiceError
    let description: String
  }

  init(_ service: Service, simulationID: JSONValue?, correlationID: String?, meta: JSONObject) {
    self.service = service
    identity = Service.identity
    self.correlationID = correlationID ?? EventID.generate().description
    isStreaming = service.isStreaming && ServiceSettings.current.streaming.allows(identity)
    capture = service.capture == .full ? service.client.configuration.capture : .metadata
    notes = ServiceNotes(
      signals: service.signals, sender: Service.self, identity: identity, correlationID: self.correlationID,
      simulationID: simulationID, meta: meta)
  }

  nonisolated(nonsending) func answer(
    _ input: Service.Input, _ handlers: StreamHandlers?
  ) async throws(ServiceError) -> ServiceAnswer<Service.Output> {
    do throws(Veiled) {
      let told = capture == .full && service.client.emitter.hasExporters
      return try await service.client.emitter.withSpan(
        "service", identity.description, input: told ? JSONValue(describing: input) : nil
      ) { span throws(Veiled) in
        do throws(ServiceError) {
          let answer = try await ask(input, handlers)
          if told { span.output(JSONValue(describing: answer.value)) }
          return answer
        } catch {
          throw Veiled(error: error, description: capture == .full ? error.message : error.discreetMessage)
        }
      }
    } catch {
      throw error.error
    }
  }

  private nonisolated(nonsending) func ask(
    _ input: Service.Input, _ handlers: StreamHandlers?
  ) async throws(ServiceError) -> ServiceAnswer<Service.Output> {
    let codec = service.codec
    let request = try await request(for: input, codec)
    notes.request(request, codec, isStreaming: isStreaming)
    let reply = try await reply(to: request, handlers)
    let value: Service.Output
    do { value = try codec.decode(reply) } catch { throw fail(.answer, error, reply) }
    if isStreaming { notes.streamComplete() }
    notes.response(reply, value, codec)
    return ServiceAnswer(value: value, reply: reply, correlationID: correlationID)
  }

  private nonisolated(nonsending) func request(
    for input: Service.Input, _ codec: Service.Codec
  ) async throws(ServiceError) -> LLMRequest {
    do {
      guard EventID(correlationID) != nil else {
        throw LLMError(
          .invalidRequest, "the correlation id must be 1 to 64 characters of A-Z a-z 0-9 _ -")
      }
      var request = try await service.request(for: input)
      if !request.options.format.isJSON { request.options.format = codec.format }
      return request
    } catch {
      throw fail(.request, error, nil)
    }
  }

  private nonisolated(nonsending) func reply(
    to request: LLMRequest, _ handlers: StreamHandlers?
  ) async throws(ServiceError) -> Reply {
    var client = service.client
    client.configuration.capture = capture
    // Chunks that were announced cannot be taken back.
    client.configuration.retry.afterText = .fail
    var index = 0
    let chunks = StreamHandlers(delta: { delta in
      // What is no part of the answer itself (reasoning, arguments of tools) is told by events only.
      guard isStreaming, delta.channel == .text, delta.choice == 0 else { return }
      notes.chunk(delta.text, index: index)
      index += 1
    })
    do throws(LLMError) {
      return try await client.generate(
        request, streaming: isStreaming, on: handlers.map { chunks.merging($0) } ?? chunks)
    } catch {
      throw fail(.call, error, nil)
    }
  }

  /// Tells of a failure; the only place that does, so that there is one a run.
  private func fail(_ stage: ServiceError.Code, _ underlying: any Error, _ reply: Reply?) -> ServiceError {
    let error = ServiceError(stage, underlying, identity, correlationID, reply: reply)
    notes.failure(error)
    return error
  }
}
