import Signalbox
import Testing

@testable import SignalboxLLM

@Suite struct DerivedIdentityTests {
  private enum Clinic { struct TriageService {} }
  private struct Box<Value> {}

  @Test(arguments: [
    ("Clinic.TriageService", "clinic.service.triage"),
    ("MyClinic.Chat.TriageService", "my_clinic.service.chat_triage"),
    ("App.HTTPStatusService", "app.service.http_status"),
    ("App.Service", "app.service.service"),
    ("App.(unknown context at $7f01a2b3c).Local", "app.service.local"),
    ("(extension in Other):App.Outer.Inner", "app.service.outer_inner"),
    ("App.Box<Swift.Array<App.Page>>.Inner", "app.service.box_inner"),
    ("App.Größe", "app.service.gr__e"),
    ("", "app.service.service"),
  ]) func ofANameAsSwiftPrintsIt(_ name: String, _ identity: String) {
    #expect(Identity(typeName: name, kind: "service").description == identity)
  }

  @Test func ofTypes() {
    #expect(
      Identity(of: Clinic.TriageService.self).description
        == "signalbox_llm_tests.service.derived_identity_tests_clinic_triage")
    #expect(Identity(of: Box<Int>.self, kind: "codec").kind == "codec")
    #expect(Identity(of: Box<Int>.self) == Identity(of: Box<[String]>.self))
  }

  @Test func neverTooLong() {
    let name = "App." + String(repeating: "VeryLong", count: 100)
    let identity = Identity(typeName: name, kind: String(repeating: "k", count: 500))
    #expect(identity.description.utf8.count <= 192)
    #expect(Identity(validating: identity.description) != nil)
  }
}

@Suite struct StreamingPolicyTests {
  @Test(arguments: [
    ("clinic.*", "clinic.chat.triage", false), ("clinic.*", "clinics.chat.triage", true),
    ("clinic.chat.*", "clinic.chat.triage", false), ("clinic.chat.*", "clinic.mail.triage", true),
    ("*.chat.*", "bank.chat.x", false), ("*.chat.x", "bank.chat.y", true),
    ("clinic.chat.triage", "clinic.chat.triage", false), ("clinic.chat", "clinic.chat.triage", true),
    ("*", "any.thing.at_all", false), ("", "any.thing.at_all", true), ("a.b.c.*", "a.b.c", true),
  ]) func patterns(_ pattern: String, _ identity: String, _ allowed: Bool) throws {
    #expect(StreamingPolicy.off(pattern).allows(try #require(Identity(validating: identity))) == allowed)
  }

  @Test func allAndNone() {
    #expect(StreamingPolicy.on.allows("a.b.c"))
    #expect(!StreamingPolicy.off.allows("a.b.c"))
    #expect(!StreamingPolicy.off("x.*", "a.*").allows("a.b.c"))
  }
}
