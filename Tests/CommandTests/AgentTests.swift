import Foundation
import Images
import Scene
import TestSupport
import Testing

@testable import rtfm

/// A program that acts in the bundled world.
@Suite(
  .timeLimit(.minutes(3)),
  .enabled(
    if: Command("python3", "-c", "import websockets.sync.client").status == 0,
    "python3 has no websockets; pip install websockets"))
struct AgentTests {
  /// Says what the example says: positions, one a line.
  private func walk(_ address: String, _ more: String...) throws -> [[Double]] {
    let agent = Command(
      "python3", ["\(Package.root)/Examples/agent.py", "--url", "\(address)/walk"] + more)
    #expect(agent.status == 0, "\(agent.errors)")
    return agent.output.split(separator: "\n").map {
      $0.split(separator: " ").dropFirst().prefix(3).compactMap { Double($0) }
    }
  }

  @Test func theExampleWalksACircleTwice() throws {
    try Package.withTemporaryFolder { folder in
      let explore = Program.process(["explore", "--port", "0", "--detail", "1"])
      let pipe = Pipe()
      explore.standardError = pipe
      try explore.run()
      defer { explore.terminate() }
      let said = pipe.text(until: "(drawn")
      let match = try #require(said.firstMatch(of: /http:([^ ]+)/), "said: \(said)")
      let address = "ws:\(match.output.1)"

      let circle = try walk(address, "--steps", "12", "--out", folder)
      #expect(circle.count == 12 && circle.allSatisfy { $0.count == 3 })
      #expect(try walk(address, "--steps", "12") == circle, "whatever the clock says")
      let places = circle.map { SIMD3($0[0], $0[1], $0[2]) }
      let steps = zip(places, places.dropFirst()).map { ($0 - $1).length }
      let longest = try #require(steps.max())
      #expect(longest > 0.01 && steps.allSatisfy { abs($0 - longest) < 2e-4 }, "\(steps)")
      let pictures = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(pictures.count == 12 && pictures[0] == "0000.jpg")
      #expect(try Image(contentsOf: "\(folder)/0011.jpg").width == 128)
    }
  }
}
