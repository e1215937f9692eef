internal import CZlib
package import Wire

/// Inflates a gzip body, up to a limit that holds for the result, so that a small body cannot become a huge one.
package struct Inflater {
  package enum Failure: Error, Equatable, Sendable {
    case damaged
    case tooLarge
  }

  /// The inflated text with `padding` readable bytes behind it.
  package static func inflate(
    gzip body: UnsafeRawBufferPointer, limit: Int, padding: Int
  ) throws(Failure) -> ByteWriter {
    var stream = z_stream()
    // 15 bits of window; 16 more ask for the gzip format alone.
    guard sb_inflate_init(&stream, 15 + 16) == Z_OK else { throw .damaged }
    defer { inflateEnd(&stream) }
    var output = ByteWriter(capacity: min(limit, body.count * 4) + padding)
    stream.next_in = UnsafeMutablePointer(
      mutating: body.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(body.count)
    while true {
      guard output.count <= limit else { throw .tooLarge }
      var code = Z_OK
      output.appendUninitialized(64 << 10) { room in
        stream.next_out = room
        stream.avail_out = 64 << 10
        code = CZlib.inflate(&stream, Z_NO_FLUSH)
        return (64 << 10) - Int(stream.avail_out)
      }
      if code == Z_STREAM_END {
        // A gzip body may have several members, one behind the other (RFC 1952 §2.2).
        guard stream.avail_in > 0 else { break }
        guard inflateReset(&stream) == Z_OK else { throw .damaged }
      } else if code != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0) {
        throw .damaged
      }
    }
    guard output.count <= limit else { throw .tooLarge }
    output.reserve(padding)
    return output
  }
}
