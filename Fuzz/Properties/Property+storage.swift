import Wire

@testable import SignalboxLog
@testable import SignalboxServer

extension Property {
  /// The input is a gzip body. What comes out is within its limit, and whole or refused.
  static let gzip = Property("gzip") { bytes in
    bytes.withUnsafeBytes { body in
      func inflate(_ limit: Int) -> Result<Int, Inflater.Failure> {
        do throws(Inflater.Failure) {
          let text = try Inflater.inflate(gzip: body, limit: limit, padding: 64)
          return .success(text.count)
        } catch { return .failure(error) }
      }
      let large = inflate(1 << 20)
      let small = inflate(100)
      if case .success(let count) = small { precondition(count <= 100 + 64, "more than the limit") }
      if case .success(let count) = large {
        precondition(count <= 1 << 20 + 64, "more than the limit")
        if case .failure(.damaged) = small {
          preconditionFailure("damaged for one limit and not for another")
        }
      }
    }
  }

  /// The input is a block or a directory of the log's file, which may be damaged. Events lie within it, or it is refused.
  static let block = Property("block") { bytes in
    bytes.withUnsafeBytes { bytes in
      var last = 0
      _ = EventBlock.forEach(in: bytes, base: 7) { offset, place in
        precondition(
          offset >= 7 && place.upperBound <= bytes.count && place.lowerBound >= last, "outside of the block")
        last = place.upperBound
      }
      guard let directory = SegmentDirectory(bytes) else { return }
      precondition(directory.blocks.count <= SegmentDirectory.maxBlocks, "more blocks than bits")
      precondition(
        directory.blocks.allSatisfy { $0.offset >= 0 && $0.stored >= 0 && $0.size >= 0 }, "below nothing")
    }
  }
}
