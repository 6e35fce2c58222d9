import Foundation
import Scene
import Testing

@testable import Procedural

@Suite struct WalkTests {
  @Test(arguments: ProceduralWorld.Family.allCases, 0..<20 as Range<UInt64>)
  func camerasStayInsideAndClearOfThings(family: ProceduralWorld.Family, seed: UInt64) {
    let (world, cameras) = visit(family, nil, seed: seed, count: 30)
    let size = world.scenery.size
    for camera in cameras {
      let p = camera.pose.position
      #expect(p.min() > 0 && (size - p).min() > 0)
      #expect(world.scenery.clearance(at: p) >= 0.3)
      #expect((0.8...2.0).contains(p.z))
      #expect(camera.pose.rotation.orthonormalityError < 1e-9)
    }
  }

  /// The clearance is what a ray finds: nothing that a film shows is nearer than it.
  @Test(arguments: ProceduralWorld.Family.allCases, 0..<8 as Range<UInt64>)
  func nothingThatIsFilmedIsNearerThanTheClearance(
    family: ProceduralWorld.Family, seed: UInt64
  ) {
    let (world, cameras) = visit(family, nil, seed: seed, count: 4, size: 32)
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

  @Test(arguments: ProceduralWorld.Family.allCases)
  func successiveViewsAreNearOrRevisits(family: ProceduralWorld.Family) {
    var revisits = 0
    for seed in 0..<8 as Range<UInt64> {
      let (world, cameras) = visit(family, seed: seed, count: 40)
      for i in 1..<cameras.count {
        let (a, b) = (cameras[i - 1].pose, cameras[i].pose)
        let step = (b.position - a.position).length
        let near = cameras[..<i].map { ($0.pose.position - b.position).length }.min()!
        if near < 0.22 && i > 3 && step > 0.22 { revisits += 1 }
        #expect(step < 0.82 * world.scale / ProceduralWorld.scale || near < 0.22)
      }
    }
    #expect(revisits > 8)
  }

  @Test(arguments: ProceduralWorld.Family.allCases)
  func withoutRevisitsNoStepIsLong(family: ProceduralWorld.Family) {
    for seed in 0..<6 as Range<UInt64> {
      let world = ProceduralWorld(family, seed: seed)
      let lens = world.lens(width: 8, height: 8)
      let cameras = world.walk(count: 40, intrinsics: lens, seed: 1, revisits: false)
      for (a, b) in zip(cameras, cameras.dropFirst()) {
        let step = (b.pose.position - a.pose.position).length
        #expect(step < 0.82 * world.scale / ProceduralWorld.scale)
      }
    }
  }

  /// Whoever goes from goal to goal in a flat comes through a doorway: a step of the walk crosses
  /// one.
  @Test func walksInFlatsPassDoorways() {
    var passed = 0
    for seed in 0..<40 as Range<UInt64> {
      let (world, cameras) = visit(.flat, seed: seed, count: 32, size: 8)
      let places = cameras.map { SIMD2($0.pose.position.x, $0.pose.position.y) }
      let crossed = zip(places, places.dropFirst()).contains { a, b in
        (0...20).contains { k in
          let p = a + (b - a) * (Double(k) / 20)
          return world.scenery.doorways.contains { $0.contains(p) }
        }
      }
      if crossed { passed += 1 }
    }
    #expect(passed > 22)
  }

  /// How far the frames of a walk are spread, in metres.
  @Test(arguments: ProceduralWorld.Family.allCases)
  func walksCoverGround(family: ProceduralWorld.Family) {
    var reaches: [Double] = []
    for seed in 0..<20 as Range<UInt64> {
      let (_, cameras) = visit(family, seed: seed, count: 24, size: 8)
      let start = cameras[0].pose.position
      reaches.append(cameras.map { ($0.pose.position - start).length }.max()!)
    }
    reaches.sort()
    #expect(reaches[10] > 1.8)
    #expect(reaches[2] > 0.5)
  }

  /// Those who keep close to things are closer to them than the others.
  @Test func someWalkersHugWalls() {
    var means: [Walker.Manner: [Double]] = [:]
    for seed in 0..<30 as Range<UInt64> {
      let scenery = ProceduralWorld(.room, seed: seed).scenery
      for manner in Walker.Manner.allCases {
        var walker = Walker(in: scenery, manners: [manner], stride: 1, seed: seed)
        for _ in 0..<10 {
          means[manner, default: []].append(scenery.clearance(at: walker.next().position))
        }
      }
    }
    let mean = means.mapValues { $0.reduce(0, +) / Double($0.count) }
    #expect(mean[.hug]! < 0.5)
    #expect(mean[.wander]! > 0.55)
    let close = means[.hug]!.count { (0.3...0.6).contains($0) }
    #expect(Double(close) > 0.85 * Double(means[.hug]!.count))
  }

  @Test func walksOfOtherSeedsDiffer() {
    let world = ProceduralWorld(.room, seed: 3)
    let lens = world.lens(width: 16, height: 16)
    let walks = (0..<5).map { world.walk(count: 4, intrinsics: lens, seed: $0) }
    #expect(Set(walks).count == 5)
    #expect(world.walk(count: 2, intrinsics: lens, seed: 1) == Array(walks[1][..<2]))
  }

  @Test func lensesAreFortyFiveToAHundredDegreesWide() {
    let angles = (0..<60 as Range<UInt64>).map { seed in
      let lens = ProceduralWorld(.room, seed: seed).lens(width: 96, height: 64)
      #expect(lens.center == [48, 32])
      return lens.horizontalFieldOfView * 180 / .pi
    }
    #expect(angles.allSatisfy { (45.0...100).contains($0) })
    #expect(angles.min()! < 52 && angles.max()! > 93)
  }

  @Test func somePicturesAreTilted() {
    let rolls = (0..<40 as Range<UInt64>).map { seed -> Double in
      let (_, cameras) = visit(seed: seed, count: 6, size: 8)
      return cameras.map { abs(asin($0.pose.right.z)) * 180 / .pi }.max()!
    }
    #expect(rolls.max()! < 10.001 && rolls.max()! > 7)
    #expect(rolls.count { $0 < 1e-6 } > 15)
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func roomsAreFurnished(seed: UInt64) {
    let world = ProceduralWorld(.room, seed: seed)
    let size = world.scenery.size
    #expect((4.0...8).contains(size.x) && (4.0...8).contains(size.y))
    #expect((2.4...3.2).contains(size.z))
    #expect((8...128).contains(world.scenery.solids.count))
  }
}
