/// A part of a message.
@nonexhaustive
public enum ContentPart: Sendable, Hashable {
  case text(String)
  case image(ImageContent)
  /// What the model thought, to be given back unchanged.
  case reasoning(ReasoningBlock)
  case toolCall(ToolCall)
  case toolResult(ToolResult)

  /// An image that the provider fetches itself.
  public static func image(url: String, detail: String? = nil) -> ContentPart {
    .image(ImageContent(.url(url), detail: detail))
  }

  /// An image that is sent along; `mediaType` such as `image/png`.
  public static func image(_ bytes: [UInt8], mediaType: String, detail: String? = nil) -> ContentPart {
    .image(ImageContent(.bytes(bytes, mediaType: mediaType), detail: detail))
  }
}

extension ContentPart: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  public init(stringLiteral text: String) { self = .text(text) }
}

/// An image of a message.
public struct ImageContent: Sendable, Hashable {
  /// Where the image is.
  public enum Source: Sendable, Hashable {
    case url(String)
    case bytes([UInt8], mediaType: String)
  }

  public var source: Source
  /// How closely to look, where a provider can be told: `low`, `high`, `auto`.
  public var detail: String?

  public init(_ source: Source, detail: String? = nil) {
    self.source = source
    self.detail = detail
  }
}

/// What a tool answered.
public struct ToolResult: Sendable, Hashable {
  /// The id of the call that it answers.
  public var callID: String
  /// The tool's name; some providers find the call by it.
  public var name: String
  public var text: String
  /// The tool failed, and `text` says why.
  public var isError: Bool

  public init(callID: String, name: String, text: String, isError: Bool = false) {
    self.callID = callID
    self.name = name
    self.text = text
    self.isError = isError
  }
}
