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

  /// A server of the bundled world, and its WebSocket's address without the path.
  private func explore() throws -> (Process, address: String) {
    let explore = Program.process(["explore", "--port", "0", "--detail", "1"])
    let pipe = Pipe()
    explore.standardError = pipe
    try explore.run()
    let said = pipe.text(until: "(drawn")
    let match = try #require(said.firstMatch(of: /http:([^ ]+)/), "said: \(said)")
    return (explore, "ws:\(match.output.1)")
  }

  @Test func theExampleWalksACircleTwice() throws {
    try Package.withTemporaryFolder { folder in
      let (explore, address) = try self.explore()
      defer { explore.terminate() }
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

  @Test func aProgramMayMoveTheCameraItself() throws {
    let (explore, address) = try explore()
    defer { explore.terminate() }
    let program = """
      import sys
      sys.path.insert(0, "\(Package.root)/Examples")
      from agent import World
      world = World("\(address)/walk")
      _, (right, down, forward, position) = world.reset()
      # Rolled by a right angle, and a step to the side of where the walk began.
      pose = [down, tuple(-x for x in right), forward, tuple(p + 0.1 * r for p, r in zip(position, right))]
      _, seen = world.look(pose)
      assert seen == pose, (seen, pose)
      world.step(turn=(0.5, 0))
      _, (right, down, forward, _) = world.look(pose)
      assert right == pose[0]
      try:
          world.look([[2 * x for x in v] for v in pose])
      except RuntimeError as error:
          print(error)
      """
    let agent = Command("python3", ["-c", program])
    #expect(agent.status == 0, "\(agent.errors)")
    #expect(agent.output.contains("perpendicular"), "\(agent.output)")
  }
}
