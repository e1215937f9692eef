internal import Fetch
internal import JSONScan
internal import SignalboxLLM

/// Tells a recorder of one call: what the client asked for, and what it is answered.
///
/// The chunk of usage that only the gateway asked for is left out, so that a replay answers what was asked. Confined
/// to its loop.
final class CallRecord {
  private let call: any ByteTapCall
  private var filter: UsageChunkFilter?

  init(_ call: any ByteTapCall) { self.call = call }

  /// The answer's head came. `parser`: the gateway asked for usage in the client's place.
  func head(_ head: FetchHead, removingUsageWith parser: JSONParser?) {
    if let parser { filter = UsageChunkFilter(parser: parser) }
    var headers: [(name: String, value: String)] = []
    head.forEachHeader { name, value in
      headers.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }
    call.head(status: head.status, headers: headers)
  }

  func body(_ bytes: UnsafeRawBufferPointer) {
    guard filter != nil else { return call.body(bytes) }
    filter?.feed(bytes) { call.body($0) }
  }

  func ended(_ error: FetchError?) {
    filter?.finish { call.body($0) }
    guard let error else { return call.end(.complete) }
    call.end(error.code == .cancelled ? .cancelled : .cut(error.message))
  }
}
