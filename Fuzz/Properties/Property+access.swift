import JSONScan
import Wire

@testable import SignalboxServer

/// Unsafe: properties are looked at by one thread.
nonisolated(unsafe) private let parser = JSONParser()
private let now = Timestamp(nanoseconds: 1_795_237_075_000_000_000)
private let authority = TokenAuthority(secret: [UInt8](repeating: 7, count: 32))

extension Property {
  /// The input is a token, or claims. No bytes that were not signed are trusted; claims grant no more than they say.
  static let token = Property("token") { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    let trusted = try? authority.verify(text, now: now, parser: parser) { _ in true }
    precondition(trusted == nil, "a token that nobody signed")
    if let token = try? SignedToken(text, parser: parser) {
      precondition(
        !token.signature.isEmpty && token.signed.count < bytes.count, "a token without a signature")
    }
    if let claims = try? TokenClaims(bytes, audience: "signalbox", now: now, parser: parser) {
      let longest = Double(TokenClaims.lifetimeLimit + 2 * TokenClaims.leeway)
      precondition(
        Double(claims.expires.nanoseconds - now.nanoseconds) <= longest * 1e9, "it outlives the longest life")
    }
  }

  /// The input is a JWKS file.
  static let keySet = Property("jwks") { bytes in
    do throws(KeySet.Invalid) { _ = try KeySet(bytes) } catch {
      precondition(!error.description.isEmpty, "an error without a word")
    }
  }

  /// The input is a frame in the socket of a session.
  static let sessionFrame = Property("session-frame") { bytes in
    do throws(SessionInput.Problem) {
      switch try padded(
        bytes,
        { text throws(SessionInput.Problem) in
          try SessionInput.read(text, session: "s1", parser: parser)
        })
      {
      case .message(let content, let id):
        precondition(content.utf8.count <= SessionInput.contentLimit, "a text out of bounds")
        precondition(id.map { Array($0.utf8).withUnsafeBytes { EventRules.isID($0) } } ?? true, "no id")
      case .ping: break
      }
    } catch {
      precondition(!error.message.isEmpty, "an error without a word")
    }
  }

  /// The input is a frame of the session protocol.
  static let simWorksFrame = Property("simworks-frame") { bytes in
    do throws(SimWorksInput.Problem) {
      _ = try padded(bytes) { text throws(SimWorksInput.Problem) in try SimWorksInput(text, parser: parser) }
    } catch {
      precondition(!error.code.isEmpty && !error.message.isEmpty, "an error without a word")
    }
  }
}

/// Hands over the bytes with as many behind them as the parser may touch.
private func padded<Value, Failure: Error>(
  _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
) throws(Failure) -> Value {
  let room = bytes + [UInt8](repeating: 0, count: JSONParser.padding)
  let result: Result<Value, Failure> = room.withUnsafeBytes { text in
    do throws(Failure) {
      return .success(try body(UnsafeRawBufferPointer(rebasing: text[..<bytes.count])))
    } catch {
      return .failure(error)
    }
  }
  return try result.get()
}
