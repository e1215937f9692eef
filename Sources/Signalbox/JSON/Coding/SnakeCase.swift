/// The name in camel case: `first_name` is `firstName`. Underscores at the ends stay, as Foundation's decoder has it.
func camelCase(_ name: String) -> String {
  let head = name.prefix { $0 == "_" }
  guard head.endIndex < name.endIndex else { return name }
  let tail = name[(name.lastIndex { $0 != "_" }.map { name.index(after: $0) } ?? name.endIndex)...]
  let words = name[head.endIndex..<tail.startIndex].split(separator: "_")
  guard words.count > 1 else { return name }
  let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }
  return head + words[0].lowercased() + rest.joined() + tail
}

/// The name in snake case: `firstName` is `first_name`, `someURLText` is `some_url_text`, as Foundation's encoder has
/// it.
package func snakeCase(_ name: String) -> String {
  let characters = Array(name)
  var words: [ArraySlice<Character>] = []
  var wordStart = 0
  var at = 1
  while let upper = characters.indices.dropFirst(at).first(where: { characters[$0].isUppercase }) {
    words.append(characters[wordStart..<upper])
    guard let lower = characters.indices.dropFirst(upper).first(where: { characters[$0].isLowercase }) else {
      wordStart = upper
      break
    }
    if lower == upper + 1 {
      wordStart = upper
    } else {
      // A run of capitals is a word, but for the last, which begins the next.
      words.append(characters[upper..<lower - 1])
      wordStart = lower - 1
    }
    at = lower + 1
  }
  words.append(characters[wordStart...])
  return words.map { String($0).lowercased() }.joined(separator: "_")
}
