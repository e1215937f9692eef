import Testing

@testable import Signalbox

@Suite struct ChainPlanTests {
  private let plan = ChainPlan.all([
    .step(name: "a", weight: 1),
    .one([
      .step(name: "b", weight: 2), .all([.step(name: "c", weight: 3), .step(name: "d", weight: 3)]), .all([]),
    ]),
    .step(name: "e", weight: 1),
  ])

  @Test func countsEveryCaseAndWeighsTheHeaviest() {
    #expect(plan.count == 5)
    #expect(plan.weight == 8)
    #expect(plan.names(atMost: 10) == ["a", "b", "c", "d", "e"])
    #expect(plan.names(atMost: 3) == ["a", "b", "c"])
  }

  @Test func aLighterCaseCountsForMore() {
    guard case .all(let parts) = plan, case .one(let cases) = parts[1] else { return #expect(Bool(false)) }
    let place = ChainPlace(first: 1, scale: 1)
    #expect(place.chosen(0, of: cases).first == 1 && place.chosen(0, of: cases).scale == 3)
    #expect(place.chosen(1, of: cases).first == 2 && place.chosen(1, of: cases).scale == 1)
    #expect(place.chosen(2, of: cases).first == 4 && place.chosen(2, of: cases).scale == 1)
  }
}

@Suite struct ChainProgressTests {
  @Test func addsWhatIsDoneToWhatIsUnderWay() {
    var progress = ChainProgress(total: 4)
    progress.begin(0, weight: 1)
    #expect(progress.report(0, 0.5) == 0.125)
    #expect(progress.report(0, nil) == 0.125)
    #expect(progress.complete(0) == 0.25)
    progress.begin(1, weight: 1)
    progress.begin(2, weight: 2)
    #expect(progress.report(2, 0.5) == 0.5)
    #expect(progress.complete(1) == 0.75)
    #expect(progress.complete(2) == 1)
  }

  @Test func neverFalls() {
    var progress = ChainProgress(total: 2)
    progress.begin(0, weight: 1)
    #expect(progress.report(0, 0.8) == 0.4)
    // It is tried again.
    #expect(progress.report(0, 0.1) == 0.4)
    #expect(progress.complete(0) == 0.5)
  }

  @Test func whoIsNotUnderWaySaysNothing() {
    var progress = ChainProgress(total: 1)
    #expect(progress.report(0, 0.5) == nil)
    #expect(progress.complete(0) == nil)
    progress.begin(0, weight: 1)
    progress.abandon(0)
    #expect(progress.report(0, 0.5) == nil)
  }

  @Test(arguments: [3, 7, 10, 3000]) func isWholeAtTheEndWhateverTheSums(_ count: Int) {
    var progress = ChainProgress(total: (0..<count).reduce(0) { sum, _ in sum + 0.1 })
    var last: Double?
    for place in 0..<count {
      progress.begin(place, weight: 0.1)
      last = progress.complete(place)
      #expect(last! <= 1)
      #expect(place == count - 1 || last! < 1)
    }
    #expect(last == 1)
  }

  @Test func stepsWithoutWeight() {
    var progress = ChainProgress(total: 0)
    progress.begin(0, weight: 0)
    #expect(progress.report(0, 0.5) == 0)
    #expect(progress.complete(0) == 0)
    progress = ChainProgress(total: 2)
    progress.skip(weight: 1)
    progress.begin(0, weight: 1)
    #expect(progress.complete(0) == 1)
  }
}
