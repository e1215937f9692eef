/// A request method; `other` stands for any further token.
package enum HTTPMethod: UInt8, Sendable {
  case get, head, post, put, patch, delete, options, other

  init(_ bytes: UnsafeRawBufferPointer) {
    func matches(_ name: StaticString) -> Bool {
      guard bytes.count == name.utf8CodeUnitCount else { return false }
      for at in 0..<bytes.count where bytes[at] != name.utf8Start[at] { return false }
      return true
    }
    switch bytes.count {
    case 3: self = matches("GET") ? .get : matches("PUT") ? .put : .other
    case 4: self = matches("POST") ? .post : matches("HEAD") ? .head : .other
    case 5: self = matches("PATCH") ? .patch : .other
    case 6: self = matches("DELETE") ? .delete : .other
    case 7: self = matches("OPTIONS") ? .options : .other
    default: self = .other
    }
  }
}
