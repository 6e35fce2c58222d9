import Foundation
import Synchronization

/// Another program that works for a while and says how far it is.
struct Tool {
  let name: String
  private let path: String
  private static let state = Mutex<(running: Process?, isEnded: Bool)>((nil, false))

  /// - Parameter package: the system's package that brings it.
  /// - Throws: `IngestError` where it isn't installed.
  init(_ name: String, package: String) throws {
    guard let path = VideoWriter.find(name) else {
      throw IngestError("\(name) is needed and not installed: apt-get install \(package)")
    }
    (self.name, self.path) = (name, path)
  }

  /// Runs it to its end.
  ///
  /// - Parameter heard: gets each line that it says.
  /// - Throws: `IngestError`, with its last words, where it fails or is ended.
  func run(_ arguments: [String], heard: (Substring) -> Void = { _ in }) throws {
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(["QT_QPA_PLATFORM": "offscreen"]) { $1 }  // COLMAP's, where there is no screen
    (process.standardOutput, process.standardError) = (pipe, pipe)
    process.standardInput = FileHandle.nullDevice
    try Self.state.withLock { state in
      if state.isEnded { throw ended }
      try process.run()
      state.running = process
    }
    defer { Self.state.withLock { $0.running = nil } }
    let said = Self.lines(of: pipe.fileHandleForReading, heard)
    process.waitUntilExit()
    guard process.terminationReason == .exit else { throw ended }
    guard process.terminationStatus == 0 else {
      let why = said.last { $0.contains("rror") } ?? said.last ?? "it gave no reason"
      throw IngestError("\(name) \(arguments.first ?? "") failed: \(why)")
    }
  }

  private var ended: IngestError {
    IngestError("\(name) was ended before it was done; nothing was written")
  }

  /// Whether an end was asked for.
  static var isEnded: Bool { state.withLock(\.isEnded) }

  /// Ends what is running, for good, so that whoever waits for it can clear up. There is nothing to save,
  /// and what this program ignores its children ignore, too, but for SIGKILL.
  static func end() {
    state.withLock { state in
      state.isEnded = true
      if let process = state.running { kill(process.processIdentifier, SIGKILL) }
    }
  }

  /// Reads lines until the end; returns the last few.
  private static func lines(of file: FileHandle, _ heard: (Substring) -> Void) -> [String] {
    var (rest, last) = (Data(), [String]())
    while case let data = file.availableData, !data.isEmpty {
      rest += data
      guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
      let text = String(decoding: rest[...end], as: UTF8.self)
      rest = Data(rest[(end + 1)...])
      for line in text.split(whereSeparator: \.isNewline) {
        heard(line)
        last = last.suffix(19) + [String(line)]
      }
    }
    return rest.isEmpty ? last : last + [String(decoding: rest, as: UTF8.self)]
  }
}

/// Why no capture came of pictures.
struct IngestError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
