import Fetch
import JSONScan
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks of what lies across the network: the server, its key, the providers.
struct RemoteChecks {
  let client: ServerClient

  private static let timeouts = FetchTimeouts(
    connect: .seconds(5), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(10))

  /// Whether a server answers, and what it says of itself; nil when nobody answers at all.
  func server() async -> [Finding]? {
    guard let response = try? await client.send("GET", "/readyz", timeouts: Self.timeouts) else { return nil }
    let body = (try? await response.body.collect(limit: 1 << 16)) ?? []
    var findings: [Finding] = []
    switch response.status {
    case 200: findings.append(.good("server", "answers at \(client.base) and is ready"))
    case 503:
      findings.append(
        .bad(
          "server", "answers at \(client.base), but is not ready: \(Self.said(body))",
          fix: "It goes on by itself when the cause is gone; free disk space if it is full."))
    default:
      findings.append(
        .bad(
          "server", "what answers at \(client.base) is no Signalbox (status \(response.status))",
          fix: "Say where the server is with --url or SIGNALBOX_URL."))
      return findings
    }
    findings.append(await key())
    if let finding = Self.clock(response, of: "the server") { findings.append(finding) }
    return findings
  }

  private func key() async -> Finding {
    guard let response = try? await client.send("GET", "/v1/traces?limit=1", timeouts: Self.timeouts) else {
      return .bad("key", "the server stopped answering", fix: "signalbox doctor")
    }
    let name = client.key == nil ? "no key is needed" : "the key is accepted"
    return switch response.status {
    case 200: .good("key", name)
    case 401:
      .bad(
        "key", client.key == nil ? "the server asks for a key" : "the server does not know this key",
        fix: "signalbox keys add NAME on the server, then export SIGNALBOX_KEY=…")
    case 403:
      .warning("key", "the key may not read", fix: "signalbox keys add NAME --scope read")
    default:
      .warning("key", "reading answered with status \(response.status)", fix: "Look at the server's output.")
    }
  }

  /// Whether a provider can be reached: name, TCP and TLS. Any answer will do, also a refusal.
  func upstream(_ name: String, _ url: String) async -> [Finding] {
    do {
      let request = FetchRequest("GET", url, timeouts: Self.timeouts)
      let response = try await FetchClient.shared.send(request)
      var findings: [Finding] = [.good("upstream", "\(name) answers at \(request.authority)")]
      if let finding = Self.clock(response, of: name) { findings.append(finding) }
      return findings
    } catch {
      let fix =
        switch error.code {
        case .couldNotResolve: "Check the name in --upstream \(name)=URL, and this machine's DNS."
        case .couldNotConnect, .timeout:
          "Check the address in --upstream \(name)=URL, the firewall, the proxy."
        case .tls: "Check this machine's clock and its certificates (apt-get install ca-certificates)."
        case .invalidRequest: "Say it as --upstream \(name)=https://host/path."
        default: "Try again; if it stays so, look at the provider's status page."
        }
      return [.bad("upstream", "\(name): \(error.message)", fix: fix)]
    }
  }

  /// Compares this machine's clock with the other side's; nil when they agree to within 5 s.
  private static func clock(_ response: FetchResponse, of whom: String) -> Finding? {
    guard let date = response.header("Date"), let there = HTTPMoment.seconds(date) else { return nil }
    let apart = time(nil) - there
    guard abs(apart) > 5 else { return nil }
    return .warning(
      "clock", "this machine is \(abs(apart)) s \(apart > 0 ? "ahead of" : "behind") \(whom)",
      fix: "timedatectl set-ntp true")
  }

  private static func said(_ body: [UInt8]) -> String {
    let parser = JSONParser()
    defer { withExtendedLifetime(parser) {} }
    let root = body.withUnsafeBytes { try? parser.scan(copying: $0).root }
    return root?["error"]?["message"]?.string ?? root?["reason"]?.string
      ?? String(decoding: body.prefix(200), as: UTF8.self)
  }
}

/// The date of an HTTP header (RFC 9110 §5.6.7, the fixed form).
enum HTTPMoment {
  /// Seconds since 1970 of `Sat, 21 Nov 2026 12:30:00 GMT`; nil when it is not of that form.
  static func seconds(_ text: String) -> Int? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", parts[3].count == 4,
      let month = months.firstIndex(of: String(parts[2]))
    else { return nil }
    let number = month + 1
    var date = "\(parts[3])-\(number < 10 ? "0" : "")\(number)-\(parts[1])T\(parts[4])Z"
    let moment = date.withUTF8 { Timestamp(rfc3339: UnsafeRawBufferPointer($0)) }
    return moment.map { Int($0.nanoseconds / 1_000_000_000) }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
