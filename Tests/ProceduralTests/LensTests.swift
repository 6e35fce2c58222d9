import CTracer
import Scene
import Testing

@testable import Procedural

@Suite struct LensTests {
  @Test func aLightThatIsHiddenDazzlesNobody() {
    var stage = dazzlingStage()
    #expect(sun(stage, facing: [0.6, 0, 0.8]).share > 0.99)
    #expect(sun(stage, facing: [-0.6, 0, 0.8]).share < 1)
    #expect(sun(stage, facing: [-0.6, 0, -0.8]).share == 0)
    hide(&stage, half: 1)
    #expect(sun(stage, facing: [0.6, 0, 0.8]).share == 0)
    let hidden = view(stage)
    (stage.room.glare, stage.room.flare) = (0, 0)
    #expect(view(stage).frame.image == hidden.frame.image)
  }

  @Test func aLightHalfHiddenDazzlesByHalf() {
    var stage = dazzlingStage()
    hide(&stage, half: 1, shift: 1)
    #expect((0.25...0.75).contains(sun(stage, facing: [0.6, 0, 0.8]).share))
  }

  @Test func theVeilIsBrightestAtTheLightAndFadesFromIt() {
    var stage = dazzlingStage()
    stage.room.flare = 0
    let veiled = view(stage)
    stage.room.glare = 0
    let clear = view(stage)
    let added = [0, 4, 10, 20, 31].map { off -> Double in
      let i = 32 * 64 + 32 + off
      return Double(veiled.frame.image.pixels[i * 3]) - Double(clear.frame.image.pixels[i * 3])
    }
    for (a, b) in zip(added.dropFirst(), added.dropFirst(2)) { #expect(a > b) }
    #expect(added[4] > 0)
  }

  /// The sun in the upper left: its ghosts are centred on the line through the image's middle.
  @Test func ghostsLieOnTheLineThroughTheMiddle() {
    var stage = dazzlingStage()
    stage.room.glare = 0
    let facing = SIMD3(0.75, -0.2, 0.62)
    let with = view(stage, facing: facing)
    let glint = sun(stage, facing: facing)
    stage.room.flare = 0
    let without = view(stage, facing: facing)
    let way = SIMD2(Double(glint.x) - 32, Double(glint.y) - 32)
    #expect(way.x < -5 && way.y < -5)
    var (sum, across, far) = (0.0, 0.0, 0.0)
    for i in 0..<64 * 64 {
      let added = (light(with, pixel: i) - light(without, pixel: i)).sum()
      let p = SIMD2(Double(i % 64) - 31.5, Double(i / 64) - 31.5)
      sum += added
      across += added * (p.x * way.y - p.y * way.x) / (way * way).sum().squareRoot()
      far += added * (p.x * way.x + p.y * way.y)
    }
    #expect(sum > 1)
    #expect(abs(across / sum) < 1.5)
    #expect(far < 0)  // most lie opposite to the sun
  }

  @Test func theLampOfARoomDazzlesUnlessABoardHidesIt() {
    var stage = emptyStage()
    stage.room.glare = 1
    let up = SIMD3(1.0, 0, 0.8)
    #expect(lens(stage, at: [1.5, 2, 1.6], facing: up).lamp.share > 0.5)
    stage.box(Spot(center: [3, 2], angle: 0), at: [0, 0, 2.7], half: [1, 1, 0.02], 0)
    #expect(lens(stage, at: [1.5, 2, 1.6], facing: up).lamp.share == 0)
  }

  private func dazzlingStage() -> Stage {
    var stage = openStage()
    (stage.room.glare, stage.room.flare) = (0.6, 1)
    return stage
  }

  /// A board between the camera and the sun, 2 metres away.
  private func hide(_ stage: inout Stage, half: Double, shift: Double = 0) {
    let p = SIMD3(1.2, shift, 1.6 + 1.6)
    stage.box(Spot(center: [10, 10], angle: 0), at: p, half: [0.02, half, half], 0)
  }

  private func view(_ stage: Stage, facing: SIMD3<Double> = [0.6, 0, 0.8]) -> Film {
    shot(Scenery(stage), at: [10, 10, 1.6], facing: facing, view: 1, size: 64)
  }

  private func sun(_ stage: Stage, facing: SIMD3<Double>) -> tracer_glint {
    lens(stage, at: [10, 10, 1.6], facing: facing).sun
  }

  private func lens(_ stage: Stage, at p: SIMD3<Double>, facing: SIMD3<Double>) -> tracer_lens {
    let pose = Pose(at: p, facing: facing, up: ProceduralWorld.up)
    let lens = Intrinsics(width: 64, height: 64, horizontalFieldOfView: 1)
    var camera = tracer_camera(Camera(intrinsics: lens, pose: pose))
    let scenery = Scenery(stage)
    return withExtendedLifetime(scenery) { tracer_lens_of(scenery.pointer, &camera) }
  }
}
