import CZlib
import Wire

/// Compresses in the gzip format at the fastest level; `nil` when zlib fails, which only want of memory can
/// cause.
func gzip(_ bytes: UnsafeRawBufferPointer) -> SharedBytes? {
  var stream = z_stream()
  guard sb_deflate_init(&stream, 1, 15 + 16) == Z_OK else { return nil }
  defer { deflateEnd(&stream) }
  let bound = Int(deflateBound(&stream, UInt(bytes.count)))
  let room = UnsafeMutablePointer<UInt8>.allocate(capacity: bound)
  defer { room.deallocate() }
  // zlib only reads the input; its type lacks the const.
  stream.next_in = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
  stream.avail_in = UInt32(bytes.count)
  stream.next_out = room
  stream.avail_out = UInt32(bound)
  guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
  return SharedBytes(copying: UnsafeRawBufferPointer(start: room, count: Int(stream.total_out)))
}
