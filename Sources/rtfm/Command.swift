import Foundation

/// Another program, run to its end, and what it said.
struct Command {
  /// Nil where it could not be started.
  let status: Int32?
  let output: String
  let errors: String

  /// - Parameters:
  ///   - program: a path, or a name to be looked for on the path.
  ///   - environment: variables to set beside this program's own.
  init(_ program: String, _ arguments: String..., environment: [String: String] = [:]) {
    self.init(program, arguments, environment: environment)
  }

  init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Errors go to a file: two pipes read one after the other can wait for each other.
    let log = FileManager.default.temporaryDirectory
      .appendingPathComponent("rtfm-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: log) }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle(forWritingAtPath: log.path) ?? FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch {
      (status, output, errors) = (nil, "", error.localizedDescription)
      return
    }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    output = String(decoding: data, as: UTF8.self)
    errors = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    status = process.terminationStatus
  }

  var lines: [Substring] { output.split(separator: "\n") }

  /// The first line of its output; nil where it failed or said nothing.
  var firstLine: String? { status == 0 ? lines.first.map(String.init) : nil }
}

/// The folder with this program's sources, where it lies in one.
enum SourceTree {
  /// A file of it, by its path from the root: looked for upwards from the program itself, and nowhere
  /// else, since scripts of it are run.
  static func file(_ path: String) -> String? {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var url = URL(fileURLWithPath: own ?? CommandLine.arguments[0]).resolvingSymlinksInPath()
    var folders: [String] = []
    while url.path != "/" {
      url.deleteLastPathComponent()
      folders.append(url.path)
    }
    return folders.map { "\($0)/\(path)" }.first(where: FileManager.default.fileExists)
  }
}
