import JSONScan
import Signalbox
import Testing
import Wire

@testable import SignalboxServer

@Suite struct TypeListTests {
  private func list(seen: Set<String>, _ announcements: String...) throws -> [JSONValue] {
    var list = TypeList(seen: seen)
    let parser = JSONParser()
    try withExtendedLifetime(parser) {
      for announcement in announcements { list.take(try parser.scan(announcement).root) }
    }
    var json = ByteWriter()
    list.write(to: &json)
    guard case .array(let types)? = try JSONValue(parsing: json.string)["types"] else { return [] }
    return types
  }

  @Test func oursTheAppsAndWhatNobodyDeclared() throws {
    let types = try list(
      seen: ["llm.start", "rag.found", "rerank.end", "RAG-Cache", "cache.hit"],
      #"{"type":"signalbox.types","data":{"types":[{"name":"rag.found","meaning":"new","fields":{"n":"how many"}}]}}"#,
      #"{"type":"signalbox.types","data":{"types":[{"name":"rag.found","meaning":"old"},{"name":"rerank","span":true,"meaning":"m"},{"name":"idle","meaning":""}]}}"#
    )
    let ours = types.filter { $0["origin"] == "signalbox" }
    #expect(ours.contains { $0["name"] == "llm" && $0["span"] == true && $0["seen"] == true })
    #expect(ours.contains { $0["name"] == "signalbox.gap" && $0["seen"] == false })
    let others = types.filter { $0["origin"] != "signalbox" }
    #expect(
      others == [
        ["name": "idle", "origin": "app", "seen": false],
        ["name": "rag.found", "origin": "app", "meaning": "new", "fields": ["n": "how many"], "seen": true],
        ["name": "rerank", "origin": "app", "span": true, "meaning": "m", "seen": true],
        [
          "name": "RAG-Cache", "origin": "seen", "seen": true,
          "problem":
            "\"RAG-Cache\" is unusual: write lower-case words joined by dots, such as \"rag.cache\"",
        ],
        ["name": "cache.hit", "origin": "seen", "seen": true],
      ])
  }

  @Test func whatIsNoDeclarationIsLeftOut() throws {
    let types = try list(
      seen: [],
      #"{"type":"signalbox.types2","data":{"types":[{"name":"a"}]}}"#,
      #"{"type":"signalbox.types","data":{"types":[{"name":"b c"},{"name":7},3,{}]}}"#,
      #"{"type":"signalbox.types","data":{"types":"x"}}"#, #"{"type":"signalbox.types"}"#,
      #"{"type":"signalbox.types","data":{"types":[{"name":"ok","fields":{"n":3},"meaning":5}]}}"#)
    #expect(
      types.filter { $0["origin"] == "app" }
        == [["name": "ok", "origin": "app", "fields": ["n": ""], "seen": false]])
  }
}
