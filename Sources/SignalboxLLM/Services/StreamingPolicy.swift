public import Signalbox

/// Which services may stream their answers.
public struct StreamingPolicy: Sendable, Hashable {
  private var isOff = false
  private var patterns: [[Substring]] = []

  /// Every service that wants to. The default.
  public static let on = StreamingPolicy()
  /// None.
  public static let off = StreamingPolicy(isOff: true, patterns: [])

  /// All but those whose identity fits a pattern: three parts, or fewer with `*` as the last, which stands for all
  /// that follow; elsewhere `*` stands for one part. `clinic.*`, `*.chat.*`, `clinic.chat.triage`.
  public static func off(_ patterns: String...) -> StreamingPolicy {
    StreamingPolicy(
      isOff: false, patterns: patterns.map { $0.split(separator: ".", omittingEmptySubsequences: false) })
  }

  /// Whether the service of that identity may stream.
  public func allows(_ identity: Identity) -> Bool {
    guard !isOff else { return false }
    let parts = identity.description.split(separator: ".")
    return !patterns.contains { Self.fits(parts, $0) }
  }

  private static func fits(_ parts: [Substring], _ pattern: [Substring]) -> Bool {
    let isOpen = pattern.last == "*" && pattern.count <= parts.count
    guard isOpen || pattern.count == parts.count else { return false }
    return zip(parts, pattern).allSatisfy { $1 == "*" || $0 == $1 }
  }
}

/// What all services go by.
///
/// ```swift
/// ServiceSettings.shared.streaming = .off("clinic.*")
/// ```
public struct ServiceSettings: Sendable {
  /// Which services may stream. Default: all.
  public var streaming = StreamingPolicy.on

  public init() {}

  private static let common = Locked(ServiceSettings())
  @TaskLocal private static var replacement: ServiceSettings?

  /// Those of the whole process; read at the beginning of each run.
  public static var shared: ServiceSettings {
    get { common.withLock { $0 } }
    set { common.withLock { $0 = newValue } }
  }

  /// Those that hold here.
  public static var current: ServiceSettings { replacement ?? shared }

  /// Runs `body` with other settings in place of the shared ones, child tasks included.
  public nonisolated(nonsending) static func with<Value, Failure: Error>(
    _ settings: ServiceSettings, _ body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    // `withValue` rethrows any error; a result carries the typed one through.
    let result: Result<Value, Failure> = await $replacement.withValue(settings) {
      do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
