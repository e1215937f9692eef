import Signalbox
import Testing

@testable import SignalboxLLM

@Suite(.timeLimit(.minutes(1)))
struct HandoffTests {
  @Test func elementsComeInOrderAndTheLastEndsIt() async {
    let handoff = Handoff<Int>(capacity: 2)
    let sender = Task {
      for number in 0..<100 { await handoff.send(number) }
      handoff.finish(100)
    }
    var received: [Int] = []
    while let number = await handoff.next() { received.append(number) }
    #expect(received == Array(0...100))
    #expect(await handoff.next() == nil)
    await sender.value
  }

  @Test func theSenderWaitsForRoom() async {
    let handoff = Handoff<Int>(capacity: 2)
    let sent = Locked(0)
    let sender = Task {
      for number in 0..<10 {
        await handoff.send(number)
        sent.withLock { $0 = number + 1 }
      }
      handoff.finish(-1)
    }
    for _ in 0..<20 { await Task.yield() }
    // One was sent, the second fills the room and waits.
    #expect(sent.withLock { $0 } <= 2)
    for number in 0..<10 { #expect(await handoff.next() == number) }
    await sender.value
  }

  @Test func aCancelledSenderDoesNotWait() async {
    let handoff = Handoff<Int>(capacity: 1)
    let sender = Task {
      for number in 0..<5 { await handoff.send(number) }
      handoff.finish(5)
    }
    sender.cancel()
    await sender.value
    var received: [Int] = []
    while let number = await handoff.next() { received.append(number) }
    #expect(received == Array(0...5))
  }

  @Test func nobodyWaitsForAReceiverThatIsGone() async {
    let handoff = Handoff<Int>(capacity: 1)
    let sender = Task {
      for number in 0..<5 { await handoff.send(number) }
    }
    handoff.abandon()
    await sender.value
  }
}
