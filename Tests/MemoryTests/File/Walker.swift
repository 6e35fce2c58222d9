import Foundation
import TestSupport

/// Another process that walks in a world with a stand-in for the model.
final class Walker {
  private let process = Process()
  private let output = Pipe()
  private var rest = Data()

  init(_ world: String, _ arguments: String..., disk: FailingDisk? = nil) throws {
    process.executableURL = URL(fileURLWithPath: "\(Package.root)/.build/\(configuration)/walker")
    process.arguments = [world] + arguments
    if let disk {
      process.environment = ProcessInfo.processInfo.environment.merging(disk.environment) { $1 }
    }
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  #if DEBUG
    private let configuration = "debug"
  #else
    private let configuration = "release"
  #endif

  /// The next line that it says; nil once it has ended.
  func line() -> String? {
    while true {
      if let end = rest.firstIndex(of: 10) {
        defer { rest.removeSubrange(...end) }
        return String(decoding: rest[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      rest.append(more)
    }
  }

  /// What it says until it says something that begins so, or ends.
  func lines(until start: String) -> [String] {
    var lines: [String] = []
    while let line = line() {
      lines.append(line)
      if line.hasPrefix(start) { break }
    }
    return lines
  }

  /// Ends it as a power switch would, and reads what it said until then.
  func kill() -> [String] {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    var lines: [String] = []
    while let line = line() { lines.append(line) }
    return lines
  }
}
