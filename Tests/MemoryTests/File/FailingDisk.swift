import Foundation
import TestSupport

/// A disk that fails for another process when it is told to, and works again when it is told to:
/// Tests/FailingDisk, compiled and preloaded.
final class FailingDisk {
  /// What makes a process use it.
  let environment: [String: String]
  private let switchPath: String

  /// Whether there is a compiler, and a loader that takes a library before all others.
  static let isPossible: Bool = {
    #if os(Linux)
      return (try? clang(["--version"])) == 0
    #else
      return false
    #endif
  }()

  /// - Parameter folder: where the library is put.
  init(in folder: String) throws {
    let (library, source) = (
      "\(folder)/failing_disk.so", "\(Package.root)/Tests/FailingDisk/failing_disk.c"
    )
    let flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl"]
    guard try Self.clang(flags) == 0 else {
      throw CocoaError(.executableLoad, userInfo: [NSFilePathErrorKey: source])
    }
    switchPath = "\(folder)/fault"
    environment = ["LD_PRELOAD": library, "FAILING_DISK": switchPath]
  }

  /// Lets `write` or `sync` fail from now on; nothing, where nil.
  func fail(_ fault: String?) throws {
    try Data((fault ?? "").utf8).write(to: URL(filePath: switchPath), options: .atomic)
  }

  private static func clang(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["clang"] + arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
