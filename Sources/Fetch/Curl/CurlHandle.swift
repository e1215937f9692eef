import CCurl
import Signalbox
import Wire

/// One easy handle of libcurl with the transfer it carries; reused for one transfer after the other.
///
/// Confined to the thread of its `CurlMulti`. libcurl holds a bare pointer to it as callback argument: the
/// multi owns the handle for as long as the easy handle exists.
final class CurlHandle {
  enum State { case idle, running, cancelled }

  let easy: UnsafeMutableRawPointer
  /// Unsafe: the multi lets go of its handles in `shutDown`, without which it never goes itself; counting it costs at
  /// every piece of every body.
  unowned(unsafe) let multi: CurlMulti
  private(set) var generation: UInt64 = 0
  var state = State.idle
  private(set) var handler: (any FetchHandler)?
  private var request: FetchRequest?
  private var lines: UnsafeMutablePointer<curl_slist>?
  /// The head as it comes in, until its empty line.
  private var head = ByteWriter(capacity: 1024)
  private var status = 0
  private var headIsDone = false
  private(set) var received = 0
  /// It got something in this turn.
  var isTouched = false
  /// The receiver asked for a pause; libcurl is told when it brings the next piece.
  private var wantsPause = false
  private var isPausedInCurl = false
  private var deadlines = Deadlines()
  /// Options of TLS stay in an easy handle; one that had special ones serves once.
  private(set) var isReusable = true
  private let failureText: UnsafeMutablePointer<CChar>

  init(multi: CurlMulti) {
    self.multi = multi
    easy = curl_easy_init()!
    failureText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    failureText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let me = Unmanaged.passUnretained(self).toOpaque()
    CurlOptions.setOnce(easy, me: me, multi: Unmanaged.passUnretained(multi).toOpaque(), failure: failureText)
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(lines)
    failureText.deallocate()
  }

  var transfer: FetchTransfer { FetchTransfer(handle: self, generation: generation) }

  static func from(_ pointer: UnsafeMutableRawPointer) -> CurlHandle {
    Unmanaged<CurlHandle>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// The same without counting a reference: the multi holds the handle for as long as libcurl calls back.
  static func with<Result>(_ pointer: UnsafeMutableRawPointer, _ body: (CurlHandle) -> Result) -> Result {
    Unmanaged<CurlHandle>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
  }

  // MARK: Life

  func prepare(_ request: FetchRequest, handler: any FetchHandler, now: UInt64) throws(FetchError) {
    lines = try CurlOptions.set(request, on: easy)
    self.request = request
    self.handler = handler
    isReusable = request.tls == FetchTLS()
    state = .running
    generation += 1
    head.truncate(to: 0)
    status = 0
    headIsDone = false
    received = 0
    wantsPause = false
    isPausedInCurl = false
    failureText[0] = 0
    deadlines = Deadlines(request.timeouts, now: now)
  }

  /// Lets go of everything that belongs to the transfer, so that stale names do nothing.
  func clear() {
    state = .idle
    generation += 1
    handler = nil
    request = nil
    curl_slist_free_all(lines)
    lines = nil
  }

  /// What to tell the receiver; `clear` must follow.
  func end(_ code: CURLcode) -> FetchEnd {
    var connections = 0
    sb_curl_easy_get_long(easy, CURLINFO_NUM_CONNECTS, &connections)
    var error: FetchError?
    if code != CURLE_OK {
      var systemError = 0
      sb_curl_easy_get_long(easy, CURLINFO_OS_ERRNO, &systemError)
      let detail = String(cString: failureText)
      error = .from(
        code, authority: authority, detail: detail, systemError: Int32(truncatingIfNeeded: systemError))
    }
    return end(error, reused: connections == 0 && status != 0)
  }

  func end(_ error: FetchError?, reused: Bool = false) -> FetchEnd {
    FetchEnd(error: error, status: headIsDone ? status : 0, received: received, reusedConnection: reused)
  }

  var authority: String { request?.authority ?? "" }

  // MARK: Time

  /// The stage whose time is up.
  func timedOut(now: UInt64) -> FetchError.Stage? { deadlines.passed(at: now, isPaused: isPaused) }

  var nextDeadline: UInt64? { deadlines.next(isPaused: isPaused) }

  private var isPaused: Bool { wantsPause || isPausedInCurl }

  // MARK: What libcurl brings

  func bring(headerLine line: UnsafeRawBufferPointer) {
    guard state == .running, !headIsDone else { return }
    deadlines.sawBytes(at: multi.now)
    multi.expect(nextDeadline)
    if line.starts(with: "HTTP/".utf8) { head.truncate(to: 0) }
    if line.count > 2 || (line.first != 0x0D && line.first != 0x0A) { return head.append(line) }
    sb_curl_easy_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    guard status >= 200 || status == 101 else { return }
    headIsDone = true
    handler?.fetch(transfer, head: FetchHead(status: status, raw: head.raw))
    multi.touched(self)
  }

  /// Returns how many bytes were taken, or libcurl's word for a pause.
  func bring(body bytes: UnsafeRawBufferPointer) -> Int {
    guard state == .running, let handler else { return bytes.count }
    if wantsPause {
      isPausedInCurl = true
      return Int(CURL_WRITEFUNC_PAUSE)
    }
    if !isTouched {
      deadlines.sawBytes(at: multi.now)
      multi.touched(self)
    }
    received += bytes.count
    if handler.fetch(transfer, body: bytes) == .pause { wantsPause = true }
    return bytes.count
  }

  func resume(now: UInt64) {
    guard isPaused else { return }
    deadlines.sawBytes(at: now)
    wantsPause = false
    guard isPausedInCurl else { return }
    isPausedInCurl = false
    curl_easy_pause(easy, CURLPAUSE_CONT)
  }
}

extension FetchTransfer {
  /// The handle, while it still carries this transfer.
  var running: CurlHandle? {
    guard let handle, handle.generation == generation, handle.state == .running else { return nil }
    return handle
  }
}
