import Foundation
import TestSupport
import Testing

/// How a server ends: after it has saved, however often it is told.
@Suite(.timeLimit(.minutes(2)))
struct EndingTests {
  @Test(arguments: [1, 2, 5]) func signalsAtOnceEndItInOrder(signals: Int) throws {
    try Package.withTemporaryFolder { folder in
      let capture = "\(folder)/room"
      _ = try Program(
        "scenes", "--family", "room", "--count", "1", "--frames", "3", "--resolution", "32",
        "--export", capture)
      try FileManager.default.copyItem(
        atPath: "\(Package.root)/Models/rtfm-nano.safetensors",
        toPath: "\(capture)/model.safetensors")
      let explore = Program.process([
        "explore", capture, "--save", "\(folder)/room.world", "--port", "0", "--resolution", "32",
      ])
      let pipe = Pipe()
      explore.standardError = pipe
      explore.standardOutput = FileHandle.nullDevice
      try explore.run()
      let said = pipe.text(until: "walk through")
      #expect(said.contains("walk through"), "said: \(said)")
      #expect(Package.exists("\(folder)/room.safetensors"), "the place's own model, for the world")
      for _ in 0..<signals { kill(explore.processIdentifier, SIGTERM) }
      explore.waitUntilExit()
      let rest = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(explore.terminationReason == .exit && explore.terminationStatus == 0, "\(rest)")
      #expect(rest.contains("saved 3 keyframes"), "said: \(rest)")
    }
  }
}
