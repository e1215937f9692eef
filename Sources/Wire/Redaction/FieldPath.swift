/// Which members of an event are redacted whole: `data.input.ssn`, `tags.user`, `*.password` or `password`.
///
/// Names with dots between them, from the event down; elements of arrays have the path of their array. `*` is any one
/// name, and stands for any characters within one (`*_token`); a path that begins with `*.`, and a single name, is found
/// at any depth. Case counts.
package struct FieldPath: Sendable {
  private let names: [[UInt8]]
  private let isAnywhere: Bool

  /// Nil when it is empty, has an empty name, or more than 16 names.
  package init?(_ text: String) {
    var parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
      Array($0)
    }
    guard 1...16 ~= parts.count, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    let star = [UInt8(ascii: "*")]
    isAnywhere = parts.count == 1 || parts[0] == star
    if parts.count > 1, parts[0] == star { parts.removeFirst() }
    guard isAnywhere ? parts != [star] : true else { return nil }
    names = parts
  }

  /// Whether the member whose names from the event down are these is meant.
  package func matches(_ path: [[UInt8]]) -> Bool {
    guard isAnywhere ? path.count >= names.count : path.count == names.count else { return false }
    let offset = path.count - names.count
    return names.indices.allSatisfy { Glob.matches(names[$0], path[offset + $0]) }
  }
}

/// Texts in which `*` stands for any characters.
package enum Glob {
  /// Goes back to the last `*` only, so it takes at most the product of both lengths.
  package static func matches(_ pattern: [UInt8], _ text: some RandomAccessCollection<UInt8>) -> Bool {
    let star = UInt8(ascii: "*")
    var (p, t) = (0, text.startIndex)
    var lastStar: (p: Int, t: Int)?
    let end = text.endIndex
    while t != end {
      if p < pattern.count, pattern[p] == star {
        lastStar = (p, text.distance(from: text.startIndex, to: t))
        p += 1
      } else if p < pattern.count, pattern[p] == text[t] {
        p += 1
        t = text.index(after: t)
      } else if let star = lastStar {
        lastStar = (star.p, star.t + 1)
        p = star.p + 1
        t = text.index(text.startIndex, offsetBy: star.t + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == star }
  }
}
