import Foundation
import TestSupport

/// The built program, run as a user would run it.
struct Program {
  let status: Int32
  let output: String
  let errors: String

  /// The binary beside the test bundle.
  static let path = "\(Package.root)/.build/\(configuration)/rtfm"

  #if DEBUG
    private static let configuration = "debug"
  #else
    private static let configuration = "release"
  #endif

  /// Runs it to its end, in the package's folder.
  init(_ arguments: String...) throws { try self.init(arguments) }

  init(_ arguments: [String]) throws { try self.init(running: Self.process(arguments)) }

  /// Runs a line of shell, for what a shell can do to its standard output and error.
  init(shell line: String) throws {
    let process = Self.process(["-c", line])
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    try self.init(running: process)
  }

  private init(running process: Process) throws {
    let folder = NSTemporaryDirectory() + "rtfm-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (out, err) = ("\(folder)/out", "\(folder)/err")
    for path in [out, err] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: out)
    process.standardError = FileHandle(forWritingAtPath: err)
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOfFile: out, encoding: .utf8)
    errors = try String(contentsOfFile: err, encoding: .utf8)
  }

  static func process(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: Package.root)
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// The JSON document that it printed.
  func json() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
  }
}

extension Pipe {
  /// What comes through it up to and with some words, or to its end.
  func text(until words: String) -> String {
    var text = ""
    while !text.contains(words), case let more = fileHandleForReading.availableData, !more.isEmpty {
      text += String(decoding: more, as: UTF8.self)
    }
    return text
  }
}
