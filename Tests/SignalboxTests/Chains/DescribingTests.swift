import Foundation
import Testing

@testable import Signalbox

@Suite struct DescribingTests {
  private struct Page: Codable { var title = "a", size = 2 }
  private struct Report { var pages = 3 }
  private struct Endless: Encodable {
    func encode(to encoder: any Encoder) throws { throw Broken() }
  }

  @Test func whatEncodesItself() {
    #expect(JSONValue(describing: Page()) == ["title": "a", "size": 2])
    #expect(JSONValue(describing: ["a": [1, 2]]) == ["a": [1, 2]])
    #expect(JSONValue(describing: JSONValue.null) == .null)
    #expect(JSONValue(describing: Int?.none as Any) == .null)
    #expect(JSONValue(describing: "text") == "text")
    // A date made a success an error in what this takes the place of.
    #expect(JSONValue(describing: Date(timeIntervalSinceReferenceDate: 1)) == 1.0)
  }

  @Test func tuplesCollectionsAndOptionalsOfAnything() {
    #expect(JSONValue(describing: ()) == .null)
    #expect(JSONValue(describing: (1, "two")) == [1, "two"])
    #expect(JSONValue(describing: (count: 1, name: "two")) == ["count": 1, "name": "two"])
    #expect(JSONValue(describing: Report?.none as Any) == .null)
    let report: JSONValue = ["type": "Report", "description": "Report(pages: 3)", "described": true]
    #expect(JSONValue(describing: [Report()]) == [report])
    #expect(JSONValue(describing: (1, Report())) == [1, report])
  }

  @Test func whatIsNoJSON() {
    #expect(
      JSONValue(describing: Report()) == [
        "type": "Report", "description": "Report(pages: 3)", "described": true,
      ])
    #expect(JSONValue(describing: Endless())["type"] == "Endless")
    #expect(JSONValue(describing: Double.nan)["description"] == "nan")
    #expect(JSONValue(describing: { (x: Int) in x })["type"] == "(Int) -> Int")
  }

  @Test func whatIsTooLong() {
    let long = String(repeating: "ä", count: 5000)
    let described = JSONValue(describing: long, limit: 1000)
    #expect(described["type"] == "String" && described["described"] == true)
    #expect(described["bytes"]?.int ?? 0 >= 10_000)
    #expect(described["description"]?.string?.utf8.count ?? 0 <= 1030)
    let list = JSONValue(describing: Array(0..<1000), limit: 1000)
    #expect(list["description"]?.string?.hasPrefix("[0,1,2,") == true)
    // A type that says much of itself.
    struct Chatty: CustomStringConvertible { let description = String(repeating: "x", count: 100_000) }
    #expect(JSONValue(describing: Chatty()).estimatedSize < 2000)
  }
}
