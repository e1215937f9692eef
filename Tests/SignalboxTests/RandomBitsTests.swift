import Testing

@testable import Signalbox

@Suite struct RandomBitsTests {
  @Test func idsOfManyTasksAreDifferent() async {
    let ids = await withTaskGroup(of: [TraceID].self) { group in
      for _ in 0..<8 { group.addTask { (0..<1000).map { _ in TraceID.generate() } } }
      return await group.reduce(into: Set<TraceID>()) { $0.formUnion($1) }
    }
    #expect(ids.count == 8000)
  }

  @Test func everyBitIsUsed() {
    var ones: UInt64 = 0
    var zeros: UInt64 = 0
    for _ in 0..<200 {
      let number = RandomBits.nextPositive()
      #expect(number != 0)
      ones |= number
      zeros |= ~number
    }
    #expect(ones == .max && zeros == .max)
  }
}
