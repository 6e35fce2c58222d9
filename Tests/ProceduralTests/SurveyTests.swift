import Scene
import TestSupport
import Testing

@testable import Procedural

@Suite struct SurveyTests {
  @Test(arguments: ProceduralWorld.Family.allCases)
  func camerasStandClearAllOverThePlace(family: ProceduralWorld.Family) {
    let world = ProceduralWorld(family, seed: 3)
    let lens = world.lens(width: 8, height: 8)
    let cameras = world.survey(count: 48, intrinsics: lens)
    #expect(cameras.count == 48 && cameras.allSatisfy { $0.intrinsics == lens })
    for camera in cameras {
      #expect(world.scenery.clearance(at: camera.pose.position) >= 0.25)
      #expect(camera.pose.position.z == 1.5)
    }
    let spots = Set(cameras.map { SIMD2($0.pose.position.x, $0.pose.position.y) })
    #expect((8...9).contains(spots.count), "six directions each, the first spot's apart")
    // A walker is never far from one of them.
    let size = world.scenery.size
    let farthest = world.walk(count: 40, intrinsics: lens, seed: 5).map { camera in
      spots.map { distance($0, SIMD2(camera.pose.position.x, camera.pose.position.y)) }.min()!
    }.max()!
    #expect(farthest < 0.45 * max(size.x, size.y), "\(farthest) of \(size)")
  }

  @Test func everyDirectionIsSeenFromASpot() {
    let world = ProceduralWorld(.room, seed: 4)
    let cameras = world.survey(
      count: 12, directions: 4, intrinsics: world.lens(width: 8, height: 8))
    let pairs = zip(cameras.map(\.pose), cameras.map(\.pose).dropFirst())
      .filter { $0.position == $1.position }
    #expect(pairs.count >= 8)
    for (a, b) in pairs.map({ ($0.forward, $1.forward) }) {
      #expect(abs(a.x * b.x + a.y * b.y) < 1e-9, "a quarter turn")
    }
    #expect(world.survey(count: 0, intrinsics: world.lens(width: 8, height: 8)).isEmpty)
    #expect(world.survey(count: 5, intrinsics: world.lens(width: 8, height: 8)).count == 5)
  }

  private func distance(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double {
    ((a - b) * (a - b)).sum().squareRoot()
  }
}
