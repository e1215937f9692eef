/// Reads one JSON value from a text that arrives in pieces, and has what has arrived of it at any time.
///
/// A string grows with its text, an array with its elements, an object with the members whose value has
/// begun. What may still turn out differently is held back: an escape or a UTF-8 sequence until it is whole,
/// `true`, `false` and `null` until their last letter, a number until the byte after it (or `finish()`), a name
/// until its value begins. So a value only ever grows: what was shown is never taken back.
///
/// Between two calls the value lies ready, so reading it costs nothing. A call takes the containers that are
/// still open apart and puts them together again, which takes time in proportion to their depth, not their
/// size. Swift's arrays are copied on write: a caller who still holds an earlier value while a piece is
/// appended pays with one copy of the open containers and the open string.
public struct PartialJSON: Sendable {
  /// What may stand around the value.
  public enum Mode: Sendable {
    /// The text is one JSON value and white space.
    case strict
    /// The value may stand in what models put around it: a code fence, text before and text after it. In
    /// the text before, the value begins at a code fence, at the first `{`, or at a `[` that begins a line. A
    /// text that begins with `"` is a string; one that is nothing but a number or a literal is known at
    /// `finish()`.
    case tolerant
  }

  /// How deep and how long a text may be.
  public struct Limits: Sendable, Hashable {
    /// Deepest nesting of arrays and objects, 1–512; 128 unless said otherwise.
    public var depth: Int
    /// Longest text in bytes; 8 MiB unless said otherwise. A value takes up to 25 times as much memory.
    public var bytes: Int

    public init(depth: Int = 128, bytes: Int = 8 << 20) {
      self.depth = min(max(depth, 1), 512)
      self.bytes = bytes
    }
  }

  /// What a piece brought to a place that is watched.
  public enum Change: Sendable, Hashable {
    /// A string grew by this text; the texts of a string make up its value.
    case text(JSONPath, String)
    /// A value is whole. The values in it come before it.
    case completed(JSONPath, JSONValue)
  }

  let mode: Mode
  let limits: Limits

  /// What has arrived of the value; `nil` before it begins. It stays after an error.
  public internal(set) var value: JSONValue?
  /// Why reading ended early; every later call throws it again.
  public internal(set) var error: JSONTextError?
  /// Whether the value is whole.
  public var isComplete: Bool { state == .done }

  // The rest is the scanner's: see the extensions.
  var state = State.value
  var prelude: Prelude?
  /// The containers that are open, outermost first. Between two calls their contents are in `value`.
  var frames: [Frame] = []
  var watch: JSONWatch
  var changes: [Change] = []
  /// Bytes of earlier pieces.
  var consumed = 0

  /// The string that is being read, a member's name or a value.
  var text = ""
  var isName = false
  var isWatched = false
  /// How many bytes of a watched string have been reported.
  var reported = 0
  /// The beginning of a UTF-8 sequence, or a number so far.
  var held: [UInt8] = []
  /// The digits of a `\u` escape so far, and their value.
  var digits = 0
  var unit: UInt32 = 0
  /// The first half of a surrogate pair; 0 when there is none.
  var high: UInt32 = 0
  var literal = Literal.null
  var number = NumberState.start

  /// - Parameter patterns: the places of which `append` tells what changed; none unless given.
  public init(_ mode: Mode = .tolerant, watching patterns: [JSONPathPattern] = [], limits: Limits = Limits())
  {
    self.mode = mode
    self.limits = limits
    prelude = mode == .tolerant ? Prelude() : nil
    watch = JSONWatch(patterns)
  }

  /// Reads the next piece. Returns what it brought to the watched places, in the order of the text; when it
  /// throws, `value` has what came before the error.
  @discardableResult
  public mutating func append(_ piece: String) throws(JSONTextError) -> [Change] {
    var piece = piece
    piece.withUTF8 { read($0) }
    return try taken()
  }

  /// Reads the next piece, which may end within a UTF-8 sequence.
  @discardableResult
  public mutating func append(utf8 piece: some Sequence<UInt8>) throws(JSONTextError) -> [Change] {
    if piece.withContiguousStorageIfAvailable({ read($0) }) == nil {
      Array(piece).withUnsafeBufferPointer { read($0) }
    }
    return try taken()
  }

  /// Says that the text has ended, and returns the value; throws when it is not whole.
  @discardableResult
  public mutating func finish() throws(JSONTextError) -> JSONValue {
    if error == nil, state != .done { end() }
    if let error { throw error }
    guard let value else { preconditionFailure("A text that is read without an error has a value") }
    return value
  }

  private mutating func taken() throws(JSONTextError) -> [Change] {
    let taken = changes
    changes = []
    if let error { throw error }
    return taken
  }
}

extension JSONValue {
  /// Reads a text that is one JSON value. Integers of 64 bits are `int`, other numbers `double`. A name that
  /// occurs twice is kept twice; a surrogate without its other half becomes U+FFFD.
  public init(parsing text: String, limits: PartialJSON.Limits = .init()) throws(JSONTextError) {
    var parser = PartialJSON(.strict, limits: limits)
    try parser.append(text)
    self = try parser.finish()
  }

  public init(parsing utf8: some Sequence<UInt8>, limits: PartialJSON.Limits = .init()) throws(JSONTextError)
  {
    var parser = PartialJSON(.strict, limits: limits)
    try parser.append(utf8: utf8)
    self = try parser.finish()
  }
}
