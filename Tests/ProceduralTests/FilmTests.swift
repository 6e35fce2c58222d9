import CTracer
import Foundation
import Scene
import Testing

@testable import Procedural

@Suite struct FilmTests {
  @Test(arguments: [1, 2, 3, 8])
  func pixelsDoNotDependOnThreads(threads: Int) {
    let (world, cameras) = visit(seed: 5, count: 2)
    for camera in cameras {
      let (a, b) = (world.film(camera), world.film(camera, threads: threads))
      #expect(a.frame == b.frame)
      #expect(a.depth == b.depth)
      #expect(a.reflective == b.reflective)
    }
  }

  @Test func aSeedAlwaysGivesTheSamePixels() {
    let (world, cameras) = visit(seed: 11, count: 3)
    let (again, others) = visit(seed: 11, count: 3)
    #expect(cameras == others)
    for camera in cameras { #expect(world.film(camera).frame == again.film(camera).frame) }
  }

  @Test func seedsDiffer() {
    let images = (0..<6).map { (seed: UInt64) -> Image in
      let (world, cameras) = visit(seed: seed, count: 1)
      return world.film(cameras[0]).frame.image
    }
    for (i, a) in images.enumerated() {
      for b in images[..<i] { #expect(psnr(a, b) < 24) }
    }
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func fourSamplesComeCloseToManySamples(seed: UInt64) {
    let (world, cameras) = visit(seed: seed, count: 2, size: 128)
    for camera in cameras {
      let (few, many) = (world.film(camera), world.film(camera, samples: 64))
      #expect(psnr(few.frame.image, many.frame.image) > 28)
    }
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func roomsAreWellLitAndRich(seed: UInt64) {
    let (world, cameras) = visit(seed: seed, count: 4)
    let values = cameras.flatMap { world.film($0).frame.image.pixels.map { Double($0) / 255 } }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    #expect((0.2...0.7).contains(mean))
    #expect(variance.squareRoot() > 0.1)
    #expect(Double(values.count { $0 >= 1 }) < 0.2 * Double(values.count))
  }

  /// An empty room of 6 x 4 x 3 metres, seen from its middle along each wall's normal.
  @Test(arguments: [
    (SIMD3(1.0, 0, 0), 4.0), (SIMD3(-1.0, 0, 0), 2.0), (SIMD3(0, 1.0, 0), 3.0),
    (SIMD3(0, -1.0, 0), 1.0), (SIMD3(0, 0, 1.0), 1.8), (SIMD3(0, 0, -1.0), 1.2),
  ])
  func depthOfAWallIsItsDistanceAlongTheAxis(forward: SIMD3<Double>, distance: Double) {
    let scenery = Scenery(emptyStage())
    let pose = Pose(at: [2, 1, 1.2], facing: forward, up: ProceduralWorld.up)
    let lens = Intrinsics(width: 9, height: 7, horizontalFieldOfView: 0.5)
    let film = scenery.film(Camera(intrinsics: lens, pose: pose), samples: 1, threads: 1)
    for d in film.depth { #expect(abs(Double(d) - distance) < 1e-4) }
  }

  /// A ball, a box turned by 30 degrees, a rod's end and its side, met at distances worked out by
  /// hand.
  @Test(arguments: [
    (SIMD3(1.0, 0, 0), 2.5), (SIMD3(0, 1.0, 0), 2 - 1 / cos(.pi / 6)), (SIMD3(-1.0, 0, 0), 0.9),
    (SIMD3(0, -1.0, 0), 0.6),
  ])
  func depthOfASolidIsWhatGeometrySays(forward: SIMD3<Double>, distance: Double) {
    var stage = emptyStage()
    let origin = Spot(center: .zero, angle: 0)
    stage.ellipsoid(Spot(center: [5, 1], angle: 0), at: [0, 0, 1.2], half: [0.5, 0.5, 0.5], 0)
    stage.box(Spot(center: [2, 3], angle: .pi / 6), at: [0, 0, 1.2], half: [1, 1, 1], 0)
    stage.stick(origin, from: [0.2, 1, 1.2], to: [1, 1, 1.2], radius: 0.1, 0)
    stage.stick(origin, from: [2, 0.3, 0.2], to: [2, 0.3, 2], radius: 0.1, 0)
    let pose = Pose(at: [2, 1, 1.2], facing: forward, up: ProceduralWorld.up)
    let lens = Intrinsics(width: 1, height: 1, horizontalFieldOfView: 0.01)
    let film = Scenery(stage).film(Camera(intrinsics: lens, pose: pose), samples: 1, threads: 1)
    #expect(abs(Double(film.depth[0]) - distance) < 1e-3)
  }

  /// A cone 2 metres high, 0.5 wide at its foot and 0.1 at its top, is 0.3 wide half way up.
  @Test(arguments: [(0.6, 0.38), (1.0, 0.3), (1.4, 0.22)])
  func depthOfAConeFollowsItsTaper(height: Double, radius: Double) {
    var stage = emptyStage()
    let spot = Spot(center: [4, 2], angle: 1)
    stage.cone(spot, at: [0, 0, 1], radius: 0.3, height: 2, 0, taper: -2.0 / 3)
    let pose = Pose(at: [1, 2, height], facing: [1, 0, 0], up: ProceduralWorld.up)
    let lens = Intrinsics(width: 1, height: 1, horizontalFieldOfView: 0.01)
    let film = Scenery(stage).film(Camera(intrinsics: lens, pose: pose), samples: 1, threads: 1)
    #expect(abs(Double(film.depth[0]) - (3 - radius)) < 1e-3)
  }

  /// From above and from below a cone is as wide as geometry says, too: steep rays meet its mirror image
  /// beyond the tip first.
  @Test(arguments: [2.4, 0.05], [-0.98, -0.5, 0.5, 0.98])
  func aConeIsSolidFromAllSides(height: Double, taper: Double) {
    var stage = emptyStage()
    stage.cone(
      Spot(center: [3, 2], angle: 0), at: [0, 0, 1.2], radius: 0.4, height: 0.6, 0, taper: taper)
    let position = SIMD3(2.3, 2, height)
    let pose = Pose(at: position, facing: [3, 2, 1.2] - position, up: ProceduralWorld.up)
    let lens = Intrinsics(width: 64, height: 64, horizontalFieldOfView: 1.2)
    let camera = Camera(intrinsics: lens, pose: pose)
    let film = Scenery(stage).film(camera, samples: 1, threads: 1)
    var wrong = 0
    for i in 0..<64 * 64 {
      let way = pose.rotation * lens.direction(at: [Double(i % 64) + 0.5, Double(i / 64) + 0.5])
      // Along the ray, step by step: where it is first inside.
      let steps = stride(from: 0.1, to: 2.5, by: 0.002)
      let hit = steps.first { t in
        let p = position + way * t - [3, 2, 1.2]
        let r = 0.4 * (1 + taper * p.z / 0.3)
        return abs(p.z) <= 0.3 && p.x * p.x + p.y * p.y <= r * r
      }
      if abs((hit ?? Double(film.depth[i])) - Double(film.depth[i])) > 0.02 { wrong += 1 }
    }
    #expect(wrong <= 40, "edges, where a step decides")
  }

  /// The form that GPUs run has no groups of rays and leaves no object out.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func eightLanesFilmWhatOneLaneFilms(seed: UInt64) {
    let (world, cameras) = visit(seed: seed, count: 3)
    for camera in cameras {
      let film = world.film(camera)
      var lens = tracer_camera(camera)
      var pixels = [UInt8](repeating: 0, count: 64 * 64 * 3)
      var depth = [Float](repeating: 0, count: 64 * 64)
      var reflective = [UInt8](repeating: 0, count: 64 * 64)
      tracer_film_one_lane(world.scenery.pointer, &lens, 4, &pixels, &depth, &reflective)
      let apart = zip(depth, film.depth).count { abs($0 - $1) > 1e-3 }
      let unlike = zip(reflective, film.reflective).count { ($0 != 0) != $1 }
      #expect(apart <= 4 && unlike <= 4)  // at edges, where rounding decides
      #expect(psnr(Image(width: 64, height: 64, pixels: pixels), film.frame.image) > 43)
    }
  }

  @Test func aMirrorShowsWhatIsBehindTheCamera() {
    var stage = emptyStage()
    let red = stage.add(.plain(Linear(r: 0.8, g: 0.02, b: 0.02)))
    stage.room.walls.1 = stage.add(.mirror())
    stage.room.walls.0 = red
    let pose = Pose(at: [3, 2, 1.5], facing: [1, 0, 0], up: ProceduralWorld.up)
    let lens = Intrinsics(width: 8, height: 8, horizontalFieldOfView: 0.3)
    let film = Scenery(stage).film(Camera(intrinsics: lens, pose: pose), samples: 4, threads: 1)
    #expect(film.reflective.allSatisfy { $0 })
    #expect(film.depth.allSatisfy { abs($0 - 3) < 1e-3 })
    for i in 0..<64 {
      #expect(film.frame.image.pixels[i * 3] > 2 * film.frame.image.pixels[i * 3 + 1])
    }
  }

  @Test func aBoxUnderTheLightThrowsAShadow() {
    let open = brightness(of: emptyStage(), at: [3, 2])
    var stage = emptyStage()
    stage.box(Spot(center: [3, 2], angle: 0), at: [0, 0, 1.5], half: [0.6, 0.6, 0.02], 0)
    #expect(brightness(of: stage, at: [3, 2]) < 0.7 * open)
    #expect(brightness(of: stage, at: [5, 3]) > 0.9 * brightness(of: emptyStage(), at: [5, 3]))
  }

  /// The mean of a film of the floor from just above it, with the exposure taken out by the wall's.
  private func brightness(of stage: Stage, at p: SIMD2<Double>) -> Double {
    let scenery = Scenery(stage)
    let lens = Intrinsics(width: 8, height: 8, horizontalFieldOfView: 0.3)
    func mean(_ at: SIMD3<Double>, _ forward: SIMD3<Double>) -> Double {
      let pose = Pose(at: at, facing: forward, up: ProceduralWorld.up)
      let film = scenery.film(Camera(intrinsics: lens, pose: pose), samples: 4, threads: 1)
      return film.frame.image.pixels.reduce(0) { $0 + Double($1) }
    }
    return mean([p.x, p.y, 0.5], [0, 0, -1]) / mean([0.5, 2, 2], [-1, 0, 0])
  }
}

/// An empty white room of 6 x 4 x 3 metres, lit from the middle of its ceiling.
func emptyStage() -> Stage {
  var stage = Stage(size: [6, 4, 3], dice: Dice(seed: 1))
  let white = stage.add(.plain(Linear(r: 0.5, g: 0.5, b: 0.5)))
  stage.room.size = (6, 4, 3)
  stage.room.walls = (white, white, white, white, white, white)
  stage.room.light_center = (3, 2, 2.99)
  stage.room.light_half = (0.3, 0.3)
  stage.room.light_color = (5, 5, 5)
  stage.room.ambient_up = (0.2, 0.2, 0.2)
  stage.room.ambient_down = (0.2, 0.2, 0.2)
  stage.room.brightness = 0.2
  return stage
}

/// A world and the first cameras of a walk in it.
func visit(
  _ family: ProceduralWorld.Family = .room, _ style: ProceduralWorld.Style? = .plain, seed: UInt64,
  count: Int, size: Int = 64
) -> (ProceduralWorld, [Camera]) {
  let world = ProceduralWorld(family, seed: seed, style: style)
  let lens = world.lens(width: size, height: size)
  return (world, world.walk(count: count, intrinsics: lens, seed: 1))
}

func psnr(_ a: Image, _ b: Image) -> Double {
  let sum = zip(a.pixels, b.pixels).reduce(0.0) {
    let d = Double($1.0) - Double($1.1)
    return $0 + d * d
  }
  return 10 * log10(255 * 255 / max(1e-9, sum / Double(a.pixels.count)))
}
