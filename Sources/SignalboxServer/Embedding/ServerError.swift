internal import Net
internal import SignalboxLog

/// Why a server inside an app could not be made or could not listen.
public struct ServerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong, for programs.
  public enum Code: String, Sendable, Hashable {
    /// The data directory cannot be made, read or written.
    case folder
    /// Another server uses the data directory.
    case inUse
    /// The log or the keys cannot be read.
    case database
    /// The address cannot be listened on.
    case address
  }

  public let code: Code
  /// A plain sentence.
  public let message: String

  public var description: String { message }

  init(_ error: LogError) {
    code =
      switch error.code {
      case .folder: .folder
      case .inUse: .inUse
      case .database: .database
      }
    message = error.message
  }

  init(_ error: NetError) {
    code = .address
    message = "cannot \(error.action): \(error.reason)"
  }
}
