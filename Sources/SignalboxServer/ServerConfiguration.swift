package import Signalbox
package import SignalboxLLM
package import SignalboxLog

/// What a server is started with. Each value is an option of `signalbox serve`, which documents it.
public struct ServerConfiguration: Sendable {
  /// Address to listen on; `127.0.0.1`.
  public var host = "127.0.0.1"
  /// Port to listen on, 0 for any free one; 7446.
  public var port = 7446
  /// Directory of the log; made when it is not there.
  public var dataDirectory = "signalbox-data"
  /// Names of the gateway and where they lead: `/openai/…` goes to the value of `openai`.
  package var upstreams: [String: String] = ServerConfiguration.defaultUpstreams
  /// Whether the gateway asks for the usage of streams: for all upstreams, and by their names.
  package var gatewayUsage = UsagePolicy.auto
  package var upstreamUsage: [String: UsagePolicy] = [:]
  /// What calls through the gateway cost.
  package var prices = PriceTable.builtIn
  /// Gets the bytes of every model call through the gateway, to record them; nil: nobody.
  package var recorder: (any ByteTap)?
  /// How much of what is said is stored; all of it.
  package var content = ContentPolicy()
  package var durability = Durability.normal
  /// Days after which events are forgotten; nil: never.
  package var retainDays: Double?
  /// Bytes on disk beyond which the oldest events are forgotten; nil: no limit.
  package var retainBytes: UInt64?
  /// Host names that requests may name besides the address listened on (against DNS rebinding).
  public var allowedHosts: [String] = []
  /// Origins whose pages may open sockets besides this server's own, such as `https://app.example.com`.
  public var allowedOrigins: [String] = []
  /// Whether keys are asked for; nil: unless the address is a loopback address.
  public var requiresKeys: Bool?
  /// Path of a JWKS file with the keys of those who make tokens for browsers themselves; nil: only tokens that this
  /// server minted are taken.
  package var jwks: String?
  /// The name that tokens must have in `aud`; `signalbox`.
  package var tokenAudience = "signalbox"
  /// Requests of one key; nil: no limit. `signalbox serve` sets one on addresses beyond this machine.
  package var ratePerKey: Rate?
  /// Requests of one address that no key vouches for; nil: no limit.
  package var ratePerAddress: Rate?
  /// Gets a line of JSON for every refusal, on a thread of its own; nil: nobody.
  package var audit: (@Sendable (String) -> Void)?
  /// What a call through the gateway may use at most.
  package var gatewayBudget = Budget()
  /// Event loops; 0: one a core, at most 4.
  package var loops = 0
  package var ingest = IngestLimits()
  package var live = LiveLimits()
  package var connections = 16_384
  /// Seconds for a request's head to arrive, and three times that for 4 KiB of its body; 10.
  package var requestSeconds = 10
  /// Seconds after which a viewer is closed that takes nothing although something waits for it; twice as long for any
  /// stream or socket whose peer does not even acknowledge; 30.
  package var viewerSeconds: Int {
    get { Int(live.stall / 1_000_000_000) }
    set { live.stall = UInt64(newValue) * 1_000_000_000 }
  }
  /// Answers what is written into the sockets of sessions; nil: nobody does, and the writer is told so.
  public var chat: ChatHandler?
  /// Without `chat`: whether what is written is stored as an event `chat.message`, for a program that watches those
  /// and answers with events; false.
  public var storesChat = false

  public init() {}

  /// The providers' own addresses, and Ollama's on this machine.
  package static let defaultUpstreams = [
    "openai": "https://api.openai.com", "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com", "ollama": "http://127.0.0.1:11434",
  ]

  /// Whether the address can be reached from this machine only.
  package var isLoopback: Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }
}
