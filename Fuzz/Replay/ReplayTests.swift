import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What fuzzing found, and what it began with, holds; and so does what is a little different.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ReplayTests {
  /// Changed inputs for each kept one; the same in every run.
  static let changes = 80

  @Test(arguments: Property.all.map(\.name))
  func keptAndChangedInputs(name: String) throws {
    let property = try #require(Property.named(name))
    let inputs = try Self.corpus(of: name)
    try #require(!inputs.isEmpty, "Fuzz/corpus/\(name) has no input")
    for (number, input) in inputs.enumerated() {
      Self.check(property, input)
      var changer = InputChanger(seed: UInt64(number), corpus: inputs)
      for _ in 0..<Self.changes { Self.check(property, changer.changed(input)) }
    }
    Self.check(property, [])
    unlink(Self.lastInput)
  }

  /// Where the input lies when a check stops the program.
  private static let lastInput =
    "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/signalbox-fuzz-input-\(getpid())"

  private static func check(_ property: Property, _ input: [UInt8]) {
    if let file = fopen(lastInput, "wb") {
      fwrite(input, 1, input.count, file)
      fclose(file)
    }
    property.check(input)
  }

  /// A folder without a property is one that nobody looks at.
  @Test func everyFolderHasItsProperty() throws {
    let known = Set(Property.all.map(\.name) + ["http-oracle"])
    #expect(try Set(Self.names(in: Self.folder)).subtracting(known).isEmpty)
  }

  private static let folder =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    .joined(separator: "/") + "/corpus"

  private static func corpus(of name: String) throws -> [[UInt8]] {
    try names(in: folder + "/" + name).sorted().map { try contents(of: "\(folder)/\(name)/\($0)") }
  }

  private static func names(in path: String) throws -> [String] {
    let directory = try #require(opendir(path), "\(path) is missing")
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { place in
        place.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  private static func contents(of path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"), "\(path) cannot be read")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }
}
