// swift-tools-version:6.1
import PackageDescription

/// libtorch's `include/` and `lib/`: brought by `make setup`, or any unpacked PyTorch wheel.
let libtorch =
  Context.environment["RTFM_LIBTORCH"] ?? "\(Context.packageDirectory)/.deps/python/torch"

// Warnings are errors, but for those of compilers that are newer than the ones this was tried with.
#if compiler(<6.4)
  let (strict, strictC) = (["-warnings-as-errors"], ["-Wall", "-Werror"])
#else
  let (strict, strictC): ([String], [String]) = ([], ["-Wall"])
#endif

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  // Testing is on in release builds too, so that the tests and the program share one build.
  .unsafeFlags(strict + ["-enable-testing"]),
]
let fast: [CSetting] = [.unsafeFlags(["-O3"] + strictC)]
#if arch(x86_64)
  let vector = ["-march=x86-64-v3"]
#else
  let vector: [String] = []
#endif

/// A Swift target with the settings that all of ours share.
func library(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = [])
  -> Target
{
  .target(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: swift)
}

/// The tests of one target.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], resources: resources,
    swiftSettings: swift)
}

let package = Package(
  name: "rtfm",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "rtfm", targets: ["rtfm"]),
    .library(
      name: "RTFM", targets: ["Generation", "Memory", "Captures", "Procedural", "Images", "Scene"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
    .package(url: "https://github.com/apple/swift-nio", .upToNextMinor(from: "2.101.2")),
    .package(url: "https://github.com/groue/GRDB.swift", .upToNextMinor(from: "7.10.0")),
  ],
  targets: [
    library("Scene"),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .target(
      name: "CCodecs", dependencies: ["CTurboJPEG", "CPNG"], cSettings: fast,
      linkerSettings: [.linkedLibrary("z")]),
    library("Images", ["Scene", "CCodecs"]),
    library("Captures", ["Scene", "Images"]),
    .target(
      name: "CTracer",
      cxxSettings: [.unsafeFlags(["-O3", "-ffast-math"] + strictC + vector)]),
    library("Procedural", ["Scene", "CTracer"]),
    library(
      "Memory",
      [
        "Scene", "Images", "CCodecs", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    .target(
      name: "CTorch",
      cxxSettings: [
        .unsafeFlags([
          "-O2", "-isystem", "\(libtorch)/include",
          "-isystem", "\(libtorch)/include/torch/csrc/api/include",
        ])
      ],
      linkerSettings: [
        .unsafeFlags([
          "-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib",
        ]),
        .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
      ]),
    library("Torch", ["CTorch"]),
    library("Layers", ["Torch"]),
    library("Generation", ["Scene", "Images", "Memory", "Layers", "Torch"]),
    library(
      "Training",
      [
        "Generation", "Procedural", "Filming", "Captures", "Images", "Layers", "Memory", "Torch",
        "Scene",
      ]),
    library("Filming", ["Procedural", "Scene", "Torch"]),
    library(
      "Evaluation",
      ["Generation", "Captures", "Procedural", "Images", "Memory", "Torch", "Scene"]),
    library(
      "Streaming",
      [
        "Scene", "Memory", "Images",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
      ],
      resources: [.embedInCode("Page")]),
    .executableTarget(
      name: "rtfm",
      dependencies: [
        "Scene", "Images", "Captures", "Procedural", "Filming", "Memory", "Torch", "Layers",
        "Generation", "Training", "Evaluation", "Streaming",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: swift),
    .target(
      name: "TestSupport", dependencies: ["Scene", "Torch"], path: "Tests/TestSupport",
      swiftSettings: swift),
    tests("Scene", ["Scene"]),
    tests("Images", ["Images", "Scene"]),
    tests("Captures", ["Captures", "Images", "Scene"]),
    tests("Procedural", ["Procedural", "CTracer", "Scene"]),
    .target(
      name: "StandIn", dependencies: ["Memory", "Images", "Scene"], path: "Tests/StandIn",
      swiftSettings: swift),
    .executableTarget(
      name: "walker", dependencies: ["StandIn", "Memory", "Images", "Scene"], path: "Tests/Walker",
      swiftSettings: swift),
    tests(
      "Memory",
      ["Memory", "Images", "Scene", "StandIn", .product(name: "GRDB", package: "GRDB.swift")]),
    tests("Torch", ["Torch"]),
    tests("Generation", ["Generation", "Images", "Layers", "Torch", "Memory", "Scene"]),
    tests(
      "Training",
      [
        "Training", "Captures", "Generation", "Procedural", "Filming", "Layers", "Torch", "Scene",
      ]),
    tests("Filming", ["Filming", "Procedural", "CTracer", "Scene", "Torch"]),
    tests(
      "Evaluation",
      ["Evaluation", "Captures", "Generation", "Procedural", "Images", "Torch", "Scene"]),
    tests("Streaming", ["Streaming", "Images", "Scene"]),
    tests("Command", ["rtfm", "Captures", "Images", "Memory", "Scene", "Torch"]),
  ],
  cxxLanguageStandard: .cxx20
)
