// swift-tools-version: 6.2
import PackageDescription

/// Settings every Swift target shares: imports are internal unless a target exposes them on purpose.
let settings: [SwiftSetting] = [.enableUpcomingFeature("InternalImportsByDefault")]

/// A C library of the system, reached through a module map and a small shim.
func system(_ name: String, pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func library(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.target(name: name)] + dependencies, exclude: exclude,
    swiftSettings: settings)
}

let package = Package(
  name: "signalbox",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "Signalbox", targets: ["Signalbox"]),
    .library(name: "SignalboxFetch", targets: ["Fetch"]),
    .library(name: "SignalboxLLM", targets: ["SignalboxLLM"]),
    .library(name: "SignalboxServer", targets: ["SignalboxServer"]),
    .library(name: "SignalboxTesting", targets: ["SignalboxTesting"]),
    .executable(name: "signalbox", targets: ["SignalboxProgram"]),
  ],
  targets: [
    system("CUV", pkgConfig: "libuv", apt: "libuv1-dev"),
    system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
    system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
    system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
    .target(
      name: "CSimdjson", cxxSettings: [.define("NDEBUG")],
      linkerSettings: [.linkedLibrary("simdjson")]),

    library("Wire"),
    library("Signalbox", ["Wire"]),
    library("JSONScan", ["Wire", "CSimdjson"]),
    library("Fetch", ["Wire", "Signalbox", "CCurl", "CZlib"]),
    library(
      "SignalboxLLM", ["Wire", "Signalbox", "Fetch", "JSONScan", "CZlib"], exclude: ["Usage/prices.json"]),
    library("SignalboxLog", ["Wire", "Signalbox", "CSQLite", "CZstd"]),
    library("Net", ["Wire", "CUV", "COpenSSL"]),
    library(
      "SignalboxServer",
      [
        "Wire", "Signalbox", "JSONScan", "Fetch", "SignalboxLLM", "SignalboxLog", "Net", "CUV",
        "CZlib", "COpenSSL",
      ], exclude: ["Dashboard/web", "Dialects/web"]),
    library(
      "SignalboxCLI",
      [
        "Wire", "Signalbox", "JSONScan", "Fetch", "SignalboxLLM", "SignalboxLog", "Net", "SignalboxServer",
        "SignalboxTesting",
      ]),
    .executableTarget(name: "SignalboxProgram", dependencies: ["SignalboxCLI"], swiftSettings: settings),
    library("SignalboxTesting", ["Wire", "Signalbox", "SignalboxLLM"]),
    .executableTarget(
      name: "EmitExample", dependencies: ["Signalbox", "Fetch"], path: "Examples/Emit",
      swiftSettings: settings),
    .executableTarget(
      name: "Pipelines", dependencies: ["Signalbox", "SignalboxLLM", "Fetch", "SignalboxTesting"],
      path: "Examples/Pipelines", swiftSettings: settings),
    .executableTarget(
      name: "PatientChat",
      dependencies: ["Signalbox", "SignalboxLLM", "SignalboxServer", "SignalboxTesting"],
      path: "Examples/PatientChat", swiftSettings: settings),
    .executableTarget(
      name: "ChainExample", dependencies: ["Signalbox", "Fetch"], path: "Examples/Chain",
      swiftSettings: settings),
    .executableTarget(
      name: "ServiceExample", dependencies: ["Signalbox", "SignalboxLLM", "Fetch"], path: "Examples/Service",
      swiftSettings: settings),
    .executableTarget(
      name: "EmitBench", dependencies: ["BenchCore", "Wire", "Signalbox", "CAllocations"],
      path: "Benchmarks/EmitBench",
      swiftSettings: settings),

    .executableTarget(
      name: "StreamBench", dependencies: ["BenchCore", "Signalbox", "SignalboxLLM"],
      path: "Benchmarks/StreamBench",
      swiftSettings: settings),
    .executableTarget(
      name: "JSONBench", dependencies: ["BenchCore", "Signalbox"], path: "Benchmarks/JSONBench",
      swiftSettings: settings),

    .executableTarget(
      name: "LogBench", dependencies: ["BenchCore", "Wire", "Signalbox", "SignalboxLog"],
      path: "Benchmarks/LogBench",
      swiftSettings: settings),

    .executableTarget(
      name: "DecodeBench", dependencies: ["BenchCore", "Wire", "JSONScan", "SignalboxLLM", "CAllocations"],
      path: "Benchmarks/DecodeBench", swiftSettings: settings),
    .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
    .executableTarget(
      name: "ClientBench", dependencies: ["BenchCore", "Signalbox", "SignalboxLLM", "SignalboxTesting"],
      path: "Benchmarks/ClientBench", swiftSettings: settings),

    .executableTarget(
      name: "SocketBench", dependencies: ["BenchCore", "Wire", "Signalbox", "SignalboxServer"],
      path: "Benchmarks/SocketBench", swiftSettings: settings),
    .executableTarget(
      name: "RedactBench", dependencies: ["BenchCore", "Wire"], path: "Benchmarks/RedactBench",
      swiftSettings: settings),

    .target(
      name: "BenchCore", dependencies: ["Signalbox"], path: "Benchmarks/BenchCore", swiftSettings: settings),
    .executableTarget(
      name: "Bench", dependencies: ["BenchCore", "Signalbox", "Wire"], path: "Benchmarks/Bench",
      swiftSettings: settings),

    tests("Wire"),
    tests("Signalbox", ["Wire", "SignalboxTesting"]),
    tests("JSONScan", ["Wire"]),
    tests("Fetch", ["Wire", "Signalbox", "SignalboxTesting"]),
    tests(
      "SignalboxLLM", ["Wire", "Signalbox", "JSONScan", "Fetch", "SignalboxTesting"],
      exclude: ["Support/check_bodies.py"]),
    tests("SignalboxLog", ["Wire", "Signalbox", "LogBench"]),
    tests("SignalboxTesting", ["Wire", "Signalbox", "Fetch", "JSONScan", "SignalboxLLM"]),
    tests("Net", ["Wire"]),
    tests(
      "SignalboxServer",
      ["Wire", "Signalbox", "Fetch", "SignalboxLLM", "SignalboxLog", "SignalboxTesting", "JSONScan", "Net"]),
    tests("SignalboxCLI", ["Wire", "JSONScan", "Signalbox", "SignalboxLLM"]),
    tests("BenchCore", ["Signalbox"]),
    .executableTarget(
      name: "FaultsEmitter", dependencies: ["Signalbox", "Fetch"], path: "Tests/EndToEnd/faults/emitting",
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// What must hold of every parser: replayed by `make test`; with SIGNALBOX_FUZZ linked with libFuzzer by Fuzz/run.
let parsers: [Target.Dependency] = [
  "Wire", "JSONScan", "Signalbox", "SignalboxLLM", "SignalboxLog", "SignalboxServer", "SignalboxCLI",
]
let isFuzzing = Context.environment["SIGNALBOX_FUZZ"] != nil
let besides = ["corpus", "run", "CHTTPParser", "FuzzHTTPOracle"]
if isFuzzing {
  package.targets += [
    .target(
      name: "FuzzTarget", dependencies: parsers, path: "Fuzz", exclude: besides + ["Replay"],
      sources: ["Properties", "Target"], swiftSettings: settings),
    .target(
      name: "FuzzHTTPOracle", dependencies: ["Wire", "CHTTPParser"], path: "Fuzz/FuzzHTTPOracle",
      swiftSettings: settings),
    .systemLibrary(name: "CHTTPParser", path: "Fuzz/CHTTPParser", providers: [.apt(["libhttp-parser-dev"])]),
  ]
} else {
  package.targets.append(
    .testTarget(
      name: "FuzzReplayTests", dependencies: parsers, path: "Fuzz", exclude: besides + ["Target"],
      sources: ["Properties", "Replay"], swiftSettings: settings))
}
