import Signalbox

/// What reading a text in certain pieces came to.
struct Outcome: Equatable {
  var value: JSONValue?
  var error: JSONTextError?
  /// The texts of one string joined, since their borders are those of the pieces.
  var changes: [PartialJSON.Change] = []
}

/// Reads the pieces, and calls the closure with the value after each.
func read(
  _ pieces: [ArraySlice<UInt8>], _ parser: PartialJSON, after: (JSONValue?) -> Void = { _ in }
) -> Outcome {
  var parser = parser
  var outcome = Outcome()
  do throws(JSONTextError) {
    for piece in pieces {
      for change in try parser.append(utf8: piece) { outcome.add(change) }
      after(parser.value)
    }
    outcome.value = try parser.finish()
  } catch {
    outcome.error = error
    outcome.value = parser.value
  }
  after(parser.value)
  return outcome
}

extension Outcome {
  mutating func add(_ change: PartialJSON.Change) {
    if case .text(let path, let more) = change, case .text(path, let text)? = changes.last {
      changes[changes.count - 1] = .text(path, text + more)
    } else {
      changes.append(change)
    }
  }
}

/// Whether everything in `old` is still there in `new`, at the same place, and nothing but what was open has grown.
func grew(_ old: JSONValue?, into new: JSONValue?) -> Bool {
  switch (old, new) {
  case (nil, _): true
  case (.string(let old)?, .string(let new)?): new.utf8.starts(with: old.utf8)
  case (.array(let old)?, .array(let new)?): grew(old, into: new)
  case (.object(let old)?, .object(let new)?):
    zip(old.members, new.members).allSatisfy { $0.0 == $1.0 }
      && grew(old.members.map(\.1), into: new.members.map(\.1))
  default: old == new
  }
}

private func grew(_ old: [JSONValue], into new: [JSONValue]) -> Bool {
  guard let last = old.last else { return true }
  return old.count <= new.count && old.dropLast().elementsEqual(new.prefix(old.count - 1))
    && grew(last, into: new[old.count - 1])
}
