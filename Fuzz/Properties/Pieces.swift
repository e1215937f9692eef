/// Cutting an input.
enum Pieces {
  /// What `read` makes of the bytes must be the same whole, byte by byte, and `step` bytes at a time.
  static func agree<Result: Equatable>(_ bytes: [UInt8], step: Int, _ read: (_ step: Int) -> Result) {
    let whole = read(max(bytes.count, 1))
    precondition(read(1) == whole, "byte by byte it reads differently")
    precondition(read(step) == whole, "\(step) bytes at a time it reads differently")
  }

  /// Hands out the bytes in turn, each piece in memory of its own, so that reading outside of it is found; ends when
  /// `body` answers false.
  static func each(_ bytes: [UInt8], step: Int, _ body: (inout [UInt8]) -> Bool) {
    var begin = 0
    while begin < bytes.count {
      let end = min(begin + step, bytes.count)
      var piece = Array(bytes[begin..<end])
      begin = end
      guard body(&piece) else { return }
    }
  }
}

extension [UInt8] {
  /// As a String; what is no UTF-8 is repaired.
  var text: String { String(decoding: self, as: UTF8.self) }
}
