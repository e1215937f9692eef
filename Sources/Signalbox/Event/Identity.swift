/// Which service of an application acted: `namespace.kind.name`, each part of `[A-Za-z0-9_-]`, at most 192
/// bytes.
public struct Identity: Sendable, Hashable, CustomStringConvertible {
  public let description: String

  /// `nil` when the text is not three such parts.
  public init?(validating text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 192, parts.count == 3, parts.allSatisfy({ Self.isPart($0) }) else { return nil }
    description = text
  }

  public var namespace: Substring { description.split(separator: ".")[0] }
  public var kind: Substring { description.split(separator: ".")[1] }
  public var name: Substring { description.split(separator: ".")[2] }

  private static func isPart(_ part: Substring) -> Bool {
    !part.isEmpty
      && part.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}

extension Identity: ExpressibleByStringLiteral {
  /// Stops the program when the literal is not an identity: that is a mistake in the source.
  public init(stringLiteral text: String) {
    guard let identity = Identity(validating: text) else {
      preconditionFailure("\"\(text)\" is not an identity: write namespace.kind.name")
    }
    self = identity
  }
}
