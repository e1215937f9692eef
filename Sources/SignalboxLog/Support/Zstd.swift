import CZstd
import Wire

/// Compresses with zstd at level 1, with one context used again; level 3 was larger and slower on events.
///
/// Not Sendable: confined to the thread that made it.
final class Compressor {
  private let context: OpaquePointer

  init() {
    context = ZSTD_createCCtx()
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Appends the compressed form of `source` and answers its length.
  func compress(_ source: UnsafeRawBufferPointer, into target: inout ByteWriter) -> Int {
    let bound = ZSTD_compressBound(source.count)
    return target.appendUninitialized(bound) { room in
      let result = ZSTD_compress2(context, room, bound, source.baseAddress, source.count)
      precondition(ZSTD_isError(result) == 0, "zstd failed though the target has its bound of room")
      return result
    }
  }
}

/// Inflates what `Compressor` wrote, with one context used again. Confined to the thread that made it.
final class Decompressor {
  private let context: OpaquePointer = ZSTD_createDCtx()

  deinit { ZSTD_freeDCtx(context) }

  /// Inflates into exactly `target`; false when the bytes are damaged or of another length.
  func inflate(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
    let result = ZSTD_decompressDCtx(
      context, target.baseAddress, target.count, source.baseAddress, source.count)
    return ZSTD_isError(result) == 0 && result == target.count
  }
}
