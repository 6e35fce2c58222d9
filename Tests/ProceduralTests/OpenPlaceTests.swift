import CTracer
import Scene
import Testing

@testable import Procedural

@Suite struct OpenPlaceTests {
  /// With the sun at 45 degrees in the east, a post of 1 metre from x = 9.8 to 10.2 darkens the
  /// ground from x = 8.8 on.
  @Test(arguments: [(8.6, false), (9, true), (9.5, true), (10.6, false)])
  func theSunThrowsShadowsWhereGeometrySays(x: Double, dark: Bool) {
    var stage = openStage()
    stage.room.sun_way = (0.7071068, 0, 0.7071068)
    stage.box(Spot(center: [10, 10], angle: 0), at: [0, 0, 0.5], half: [0.2, 2, 0.5], 0)
    let scenery = Scenery(stage)
    let here = light(shot(scenery, at: [x, 10, 3], facing: [0, 0, -1]))
    let far = light(shot(scenery, at: [15, 10, 3], facing: [0, 0, -1]))
    #expect(dark ? here.sum() < 0.5 * far.sum() : here.sum() > 0.95 * far.sum())
  }

  @Test func theGroundGoesOnToTheHorizon() {
    let scenery = Scenery(openStage())
    let film = shot(scenery, at: [10, 10, 1.6], facing: [1, 0, 0], view: 1, size: 32)
    let focal = 16 / tan(0.5)
    for i in 0..<32 * 32 {
      let below = Double(i / 32) + 0.5 - 16
      if below < 0 {
        #expect(film.depth[i] == Film.skyDepth)
      } else {
        #expect(abs(Double(film.depth[i]) / (1.6 * focal / below) - 1) < 1e-3)
      }
    }
  }

  @Test func theSunIsSeenInTheSkyUnlessSomethingHidesIt() {
    var stage = openStage()
    let sun = SIMD3(0.6, 0, 0.8)
    let open = shot(Scenery(stage), at: [10, 10, 1.6], facing: sun, view: 0.5, size: 17)
    let middle = light(open, pixel: 8 * 17 + 8)
    #expect(middle.min() > 1.5 * light(open, pixel: 0).min())
    stage.box(Spot(center: [13, 10], angle: 0), at: [0, 0, 5.6], half: [0.1, 0.5, 1], 0)
    let hidden = shot(Scenery(stage), at: [10, 10, 1.6], facing: sun, view: 0.5, size: 17)
    #expect(light(hidden, pixel: 8 * 17 + 8).max() < 0.5 * middle.min())
  }

  @Test func cloudsWhitenTheSkyInProportion() {
    let shares = [0, 0.3, 0.6, 1].map { (cover: Float) -> Double in
      var stage = openStage()
      (stage.room.sky_zenith, stage.room.sky_horizon) = ((0.1, 0.2, 0.8), (0.1, 0.2, 0.8))
      stage.room.sun_way = (0, -0.8, -0.6)
      (stage.room.clouds, stage.room.sky_seed) = (cover, 3)
      let film = shot(Scenery(stage), at: [10, 10, 1], facing: [0, 1, 1.2], view: 1.4, size: 48)
      let clouded = (0..<48 * 48).count { i in
        let c = light(film, pixel: i)
        return c.z < 5 * c.x
      }
      return Double(clouded) / (48 * 48)  // whiter than 5 to 1, where the sky is 8 to 1
    }
    #expect(shares[0] == 0)
    #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 })
    #expect(shares[3] > 0.8)
  }

  /// Black walls at 1 and 4 metres, so that all light is fog's: 1 - exp(-density * distance).
  @Test func fogGrowsWithDistanceAsInNature() {
    var stage = emptyStage()
    let black = stage.add(.plain(Linear(r: 0, g: 0, b: 0)))
    stage.room.walls = (black, black, black, black, black, black)
    (stage.room.fog, stage.room.fog_density) = ((0.4, 0.5, 0.6), 0.2)
    let scenery = Scenery(stage)
    let near = light(shot(scenery, at: [2, 1, 1.2], facing: [0, -1, 0]))
    let far = light(shot(scenery, at: [2, 1, 1.2], facing: [1, 0, 0]))
    let wanted = (1 - exp(-0.8)) / (1 - exp(-0.2))
    for k in 0..<3 { #expect(abs(far[k] / near[k] / wanted - 1) < 0.06) }
    #expect(abs(far.z / far.x / 1.5 - 1) < 0.05)
  }

  @Test func denseFogHidesAllElse() {
    var stage = openStage()
    stage.ellipsoid(Spot(center: [13, 10], angle: 0), at: [0, 0, 1], half: [1, 1, 1], 0)
    (stage.room.fog, stage.room.fog_density) = ((0.2, 0.4, 0.6), 30)
    let film = shot(Scenery(stage), at: [10, 10, 1.6], facing: [1, 0, 0], view: 1, size: 16)
    let pixels = film.frame.image.pixels
    for i in 0..<pixels.count { #expect(abs(Int(pixels[i]) - Int(pixels[i % 3])) <= 1) }
    #expect(pixels[0] < pixels[1] && pixels[1] < pixels[2])
  }

  @Test func theSkyIsVisibleFromWhereverItIsSeen() {
    let scenery = Scenery(openStage())
    let a = shot(scenery, at: [5, 5, 1.6], facing: [1, 0, 0.5], view: 1, size: 24)
    let b = shot(scenery, at: [9, 7, 1.2], facing: [1, 0.4, 0.5], view: 1, size: 24)
    let c = shot(scenery, at: [9, 7, 1.2], facing: [-1, 0, 0.5], view: 1, size: 24)
    let sky = a.depth.indices.filter { a.depth[$0] == Film.skyDepth }
    let (fromB, fromC) = (a.visibility(from: b), a.visibility(from: c))
    #expect(sky.count > 300)
    #expect(Double(sky.count { fromB[$0] }) > 0.4 * Double(sky.count))
    #expect(sky.allSatisfy { !fromC[$0] })
  }

  @Test func normalsPointAwayFromSurfaces() {
    var stage = openStage()
    stage.ellipsoid(Spot(center: [13, 10], angle: 0), at: [0, 0, 1.6], half: [1, 1, 1], 0)
    let scenery = Scenery(stage)
    let film = shot(scenery, at: [10, 10, 1.6], facing: [1, 0, 0], view: 1, size: 33)
    let normals = scenery.normals(film.frame.camera)
    let (lens, pose) = (film.frame.camera.intrinsics, film.frame.camera.pose)
    for i in normals.indices {
      let pixel = SIMD2(Double(i % 33) + 0.5, Double(i / 33) + 0.5)
      let point = pose * (lens.direction(at: pixel) * Double(film.depth[i]))
      let off = point - [13, 10, 1.6]
      let wanted: SIMD3<Double> =
        film.depth[i] == Film.skyDepth ? .zero : off.length < 1.01 ? off : [0, 0, 1]
      #expect((SIMD3<Double>(normals[i]) - wanted).length < 0.02)
    }
  }
}

/// A gray plain of 20 x 20 metres under a blue sky, the sun in the east.
func openStage() -> Stage {
  var stage = Stage(size: [20, 20, 6], dice: Dice(seed: 1))
  let gray = stage.add(.plain(Linear(r: 0.4, g: 0.4, b: 0.4)))
  stage.room.open = 1
  stage.room.walls = (gray, gray, gray, gray, gray, gray)
  (stage.room.sky_zenith, stage.room.sky_horizon) = ((0.2, 0.4, 0.9), (0.7, 0.8, 1))
  (stage.room.ambient_up, stage.room.ambient_down) = ((0.5, 0.5, 0.5), (0.3, 0.3, 0.3))
  (stage.room.sun_way, stage.room.sun_color) = ((0.6, 0, 0.8), (3, 3, 3))
  stage.room.brightness = 0.2
  return stage
}

/// A square film; by default so narrow that it shows one point.
func shot(
  _ scenery: Scenery, at position: SIMD3<Double>, facing: SIMD3<Double>, view: Double = 0.01,
  size: Int = 4, samples: Int = 4
) -> Film {
  let pose = Pose(at: position, facing: facing, up: ProceduralWorld.up)
  let lens = Intrinsics(width: size, height: size, horizontalFieldOfView: view)
  return scenery.film(Camera(intrinsics: lens, pose: pose), samples: samples, threads: 1)
}

/// The linear light, before the soft shoulder x (1 + x / 9) / (1 + x) and the gamma of 2, of one
/// pixel or of the mean of all.
func light(_ film: Film, pixel: Int? = nil) -> SIMD3<Double> {
  let pixels = film.frame.image.pixels
  let all = pixel.map { [$0] } ?? Array(0..<pixels.count / 3)
  let sum = all.reduce(SIMD3<Double>.zero) { sum, i in
    sum + linear([Double(pixels[i * 3]), Double(pixels[i * 3 + 1]), Double(pixels[i * 3 + 2])])
  }
  return sum / Double(all.count)
}

private func linear(_ shown: SIMD3<Double>) -> SIMD3<Double> {
  let y = shown / 255 * shown / 255
  let b = 1 - y
  return 4.5 * ((b * b + 4.0 / 9 * y).squareRoot() - b)
}
