import Foundation
import SignalboxLLM
import Testing

struct LatencyHistogramTests {
  @Test func quantilesAreWithinThreePercent() throws {
    var generator = SplitMix(state: 7)
    var values: [Double] = []
    var histogram = LatencyHistogram()
    for _ in 0..<20_000 {
      // From microseconds to minutes.
      let value = 0.01 * pow(10, Double.random(in: 0...7, using: &generator))
      values.append(value)
      histogram.record(milliseconds: value)
    }
    values.sort()
    for share in [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1] {
      let exact = values[min(values.count - 1, max(0, Int((share * 20_000).rounded(.up)) - 1))]
      let found = try #require(histogram.quantile(share))
      #expect(abs(found - exact) <= 0.04 * exact + 0.001, "\(share): \(found) for \(exact)")
    }
    #expect(histogram.maximumMS == values.last)
    #expect(histogram.minimumMS == values.first)
  }

  @Test func smallestBucketsAndOddValues() {
    var histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil)
    #expect(histogram.meanMS == nil)
    histogram.record(milliseconds: -5)
    histogram.record(milliseconds: .nan)
    #expect(histogram.count == 1)
    #expect(histogram.quantile(0.5) == 0)
    histogram.record(milliseconds: .infinity)
    #expect(histogram.maximumMS == .infinity)
    histogram.record(milliseconds: 1e12)
    #expect(histogram.count == 3)
    for microseconds in 0..<100 {
      var one = LatencyHistogram()
      one.record(milliseconds: Double(microseconds) / 1000)
      #expect(one.quantile(0.5) == Double(microseconds) / 1000)
    }
  }

  @Test func mergedIsTheSameAsRecordedInOne() {
    var first = LatencyHistogram()
    var second = LatencyHistogram()
    var all = LatencyHistogram()
    for value in 0..<100 {
      first.record(milliseconds: Double(value))
      second.record(milliseconds: Double(value * 100))
      all.record(milliseconds: Double(value))
      all.record(milliseconds: Double(value * 100))
    }
    first.merge(second)
    first.merge(LatencyHistogram())
    #expect(first == all)
  }
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
