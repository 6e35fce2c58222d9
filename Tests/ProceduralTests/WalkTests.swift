import Foundation
import Scene
import Testing

@testable import Procedural

@Suite struct WalkTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func camerasStayInsideAndClearOfThings(seed: UInt64) {
    let (world, cameras) = visit(seed: seed, count: 30)
    let size = world.scenery.size
    for camera in cameras {
      let p = camera.pose.position
      #expect(p.min() > 0 && (size - p).min() > 0)
      #expect(world.scenery.clearance(at: p) >= 0.3)
      #expect((1.0...1.8).contains(p.z))
      #expect(camera.pose.rotation.orthonormalityError < 1e-9)
    }
  }

  /// The clearance is what a ray finds: nothing that a film shows is nearer than it.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func nothingThatIsFilmedIsNearerThanTheClearance(seed: UInt64) {
    let (world, cameras) = visit(seed: seed, count: 4, size: 32)
    for camera in cameras {
      let clearance = world.scenery.clearance(at: camera.pose.position)
      let film = world.film(camera)
      let nearest = film.depth.indices.map { i -> Double in
        let pixel = SIMD2(Double(i % 32) + 0.5, Double(i / 32) + 0.5)
        return camera.intrinsics.direction(at: pixel).length * Double(film.depth[i])
      }
      #expect(nearest.min()! > clearance - 1e-3)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func successiveViewsAreNearOrRevisits(seed: UInt64) {
    let (_, cameras) = visit(seed: seed, count: 40)
    var revisits = 0
    for i in 1..<cameras.count {
      let (a, b) = (cameras[i - 1].pose, cameras[i].pose)
      let step = (b.position - a.position).length
      let near = cameras[..<i].map { ($0.pose.position - b.position).length }.min()!
      if near < 0.22 && i > 3 { revisits += 1 }
      #expect(step < 0.82 || near < 0.22)
    }
    #expect(revisits > 0)
  }

  @Test func walksOfOtherSeedsDiffer() {
    let world = ProceduralWorld(seed: 3)
    let lens = world.lens(width: 16, height: 16)
    let walks = (0..<5).map { world.walk(count: 4, intrinsics: lens, seed: $0) }
    #expect(Set(walks).count == 5)
    #expect(world.walk(count: 2, intrinsics: lens, seed: 1) == Array(walks[1][..<2]))
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func lensesAreSixtyToNinetyDegreesWide(seed: UInt64) {
    let lens = ProceduralWorld(seed: seed).lens(width: 96, height: 64)
    #expect((60.0...90).contains(lens.horizontalFieldOfView * 180 / .pi))
    #expect(lens.center == [48, 32])
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func roomsAreFurnished(seed: UInt64) {
    let world = ProceduralWorld(seed: seed)
    let size = world.scenery.size
    #expect((4.0...8).contains(size.x) && (4.0...8).contains(size.y))
    #expect((2.4...3.2).contains(size.z))
    #expect((8...64).contains(world.scenery.solids.count))
  }
}
