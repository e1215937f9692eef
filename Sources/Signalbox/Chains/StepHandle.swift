/// What a step says while it is under way. It may be used from any task; after the step's end it says nothing.
public final class StepHandle: Sendable {
  /// What the step is called in its events.
  public let name: String
  /// Place in the chain's plan, from 0.
  public let place: Int
  /// The step's own span: for events, deltas and usage. Whatever is emitted by the step's task belongs to it anyway.
  public let span: ActiveSpan
  private let run: ChainRun
  private let said = Locked(Said())

  struct Said {
    var attempt = 1
    /// In thousandths, the last that was told.
    var thousandths = -1
  }

  init(_ name: String, place: Int, span: ActiveSpan, run: ChainRun) {
    self.name = name
    self.place = place
    self.span = span
    self.run = run
  }

  /// The id of the chain.
  public var chainID: String { run.id }

  /// Which attempt it is, from 1.
  public var attempt: Int { said.withLock { $0.attempt } }

  /// Says how far the step is, from 0 to 1. Without a message, steps of less than a thousandth are not told.
  public func progress(_ fraction: Double, _ message: String? = nil) {
    let fraction = fraction.isFinite ? min(max(fraction, 0), 1) : 0
    let thousandths = Int(fraction * 1000)
    let isNew = said.withLock { said in
      defer { said.thousandths = thousandths }
      return said.thousandths != thousandths
    }
    if isNew || message != nil { run.progress(self, fraction, message: message) }
  }

  /// Shows what there is of the result so far.
  public func partial(_ result: some Sendable, fraction: Double? = nil) {
    let fraction = fraction.map { $0.isFinite ? min(max($0, 0), 1) : 0 }
    run.progress(self, fraction, partial: result)
  }

  func beginAgain() -> Int {
    said.withLock { said in
      said.attempt += 1
      said.thousandths = -1
      return said.attempt
    }
  }
}
