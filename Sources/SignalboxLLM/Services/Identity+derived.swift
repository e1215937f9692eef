public import Signalbox

extension Identity {
  /// The identity of a type, from its own name: `Clinic.TriageService` is `clinic.service.triage`.
  ///
  /// The namespace is the module, the name that of the type with the types around it, all in snake case; an ending
  /// `Service` is left out, as are generic arguments. The same type always has the same identity; two types of one
  /// module whose names differ in case only, or in characters that an identity cannot hold, share one: give such a
  /// type an identity of its own.
  ///
  /// - Parameter kind: the middle part, of `[A-Za-z0-9_-]`.
  public init(of type: Any.Type, kind: String = "service") {
    self.init(typeName: String(reflecting: type), kind: kind)
  }

  /// `typeName` as Swift prints it: `Module.Outer.Inner<Argument>`, with remarks in parentheses.
  init(typeName: String, kind: String) {
    var depth = 0
    let plain = typeName.filter { character in
      switch character {
      case "<", "(":
        depth += 1
        return false
      case ">", ")":
        depth -= 1
        return false
      default: return depth <= 0 && character != ":"
      }
    }
    var names = plain.split(separator: ".").map(String.init)
    let module = names.isEmpty ? "app" : names.removeFirst()
    if let last = names.last, last.hasSuffix("Service"), last != "Service" {
      names[names.count - 1] = String(last.dropLast("Service".count))
    }
    let name = names.isEmpty ? "service" : names.map(Self.part).joined(separator: "_")
    // 192 bytes are the limit of the whole.
    let parts = [Self.part(of: module), Self.part(of: kind), name].map { $0.prefix(63) }
    self = Identity(validating: parts.joined(separator: ".")) ?? "app.service.unnamed"
  }

  /// Any name as a part of an identity: in snake case, other characters are `_`.
  static func part(of name: String) -> String {
    // A type's name begins with a capital, or several; what converts members' names expects a small letter before.
    let isUpper = name.first?.isUppercase == true
    let words = isUpper ? String(snakeCase("x" + name).dropFirst(2)) : snakeCase(name)
    let part = words.unicodeScalars.map { scalar -> Character in
      let isAllowed = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      return isAllowed || scalar == "_" || scalar == "-" ? Character(scalar) : "_"
    }
    return part.isEmpty ? "unnamed" : String(part)
  }
}
