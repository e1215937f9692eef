internal import JSONScan
internal import Wire

extension ReplyPart.Failure {
  /// Reads `{"message"}`; the exception's name stands beside it, in a header or in `__type`.
  init(converse root: JSONValueView, name: UnsafeRawBufferPointer?) {
    message = root["message"]?.text ?? root["Message"]?.text
    guard let name, name.allSatisfy(Self.isPlain) else { return }
    code = name
    guard let known = Self.exceptions.first(where: { HTTPCharacters.equal(name, $0.name) }) else { return }
    status = known.status
    // Amazon's words on it: "Retry your request."
    if HTTPCharacters.equal(name, "modelstreamerrorexception") {
      isRetryable = true
      if let original = root["originalStatusCode"]?.int, 400...599 ~= original { status = Int(original) }
    }
  }

  /// A header may hold anything, a code in an event may not.
  private static func isPlain(_ byte: UInt8) -> Bool {
    0x20..<0x7F ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  /// The exceptions of Bedrock's runtime in lower case, which headers and `__type` spell differently, and their
  /// statuses, from the service's model.
  private static let exceptions: [(name: StaticString, status: Int)] = [
    ("throttlingexception", 429), ("modelstreamerrorexception", 424), ("internalserverexception", 500),
    ("serviceunavailableexception", 503), ("validationexception", 400), ("modeltimeoutexception", 408),
    ("modelerrorexception", 424), ("modelnotreadyexception", 429), ("accessdeniedexception", 403),
    ("resourcenotfoundexception", 404), ("servicequotaexceededexception", 400), ("conflictexception", 400),
  ]
}
