import Testing

@testable import Signalbox

@Suite struct ContentPolicyTests {
  @Test func everythingCanBeSaid() throws {
    let policy = try ContentPolicy(
      parsing: #"""
        {"content": "metadata",
         "rules": [{"type": "health.*", "content": "redacted"}, {"identity": "clinic.*.*", "service": "web*", "content": "full"}],
         "detectors": ["email"],
         "patterns": [{"name": "staff", "pattern": "emp-\\d{4}", "ignore_case": true}],
         "fields": ["data.input.ssn", "*.password"]}
        """#)
    func mode(_ type: String, _ identity: String, _ service: String) -> ContentMode {
      policy.mode(type: Array(type.utf8), identity: Array(identity.utf8), service: Array(service.utf8))
    }
    #expect(mode("other", "", "") == .metadata)
    #expect(mode("health.note", "clinic.chat.a", "web") == .redacted)
    #expect(mode("other", "clinic.chat.a", "webshop") == .full)
    #expect(mode("other", "clinic.chat.a", "") == .metadata)
    #expect(policy.set.redact("EMP-1234 a@b.io 10.0.0.1") == "__REDACTED__ __REDACTED__ 10.0.0.1")
    #expect(policy.fields.count == 2)
    #expect(!policy.keepsAll)
    #expect(try ContentPolicy(parsing: "{}").mode == .redacted)
    #expect(ContentPolicy().keepsAll)
  }

  @Test(arguments: [
    ("[]", ""), ("{", ""), (#"{"colour": 1}"#, "colour"), (#"{"content": "some"}"#, "content"),
    (#"{"rules": {}}"#, "rules"), (#"{"rules": [{"type": "a"}]}"#, "rules[0].content"),
    (#"{"rules": [{"content": "full"}]}"#, "rules[0]"),
    (#"{"rules": [{"type": 1, "content": "full"}]}"#, "rules[0].type"),
    (#"{"rules": [{"kind": "a", "content": "full"}]}"#, "rules[0].kind"),
    (#"{"detectors": ["email", "dna"]}"#, "detectors[1]"),
    (#"{"patterns": [{"pattern": "a"}]}"#, "patterns[0].name"),
    (#"{"patterns": [{"name": "a"}]}"#, "patterns[0].pattern"),
    (#"{"patterns": [{"name": "a", "pattern": "a*"}]}"#, "patterns[0].pattern"),
    (#"{"patterns": [{"name": "a", "pattern": "b", "ignore_case": 1}]}"#, "patterns[0].ignore_case"),
    (#"{"patterns": [{"name": "a", "pattern": "b", "flags": 1}]}"#, "patterns[0].flags"),
    (#"{"patterns": [{"name": "a", "pattern": "b"}, {"name": "a", "pattern": "c"}]}"#, "patterns[1].name"),
    (#"{"patterns": [{"name": "email", "pattern": "b"}]}"#, "patterns[0].name"),
    (#"{"fields": ["a..b"]}"#, "fields[0]"), (#"{"fields": [1]}"#, "fields[0]"),
  ])
  func whatIsWrongIsNamed(_ text: String, _ field: String) {
    let error = #expect(throws: ContentPolicy.Invalid.self) { try ContentPolicy(parsing: text) }
    #expect(error?.field == field, "\(error.map(String.init(describing:)) ?? "none")")
  }
}
