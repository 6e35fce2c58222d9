import CTracer
import Scene
import Testing

@testable import Procedural

@Suite struct GlassTests {
  /// The same wall from before and from behind a pane.
  @Test(arguments: [1, 2])
  func panesTintWhatIsBehindThem(count: Int) {
    var stage = dimStage()
    let glass = stage.add(.pane(Linear(r: 0.9, g: 0.6, b: 0.3)))
    for k in 0..<count { hang(glass, at: 3 + 0.5 * Double(k), on: &stage) }
    let scenery = Scenery(stage)
    let through = light(shot(scenery, at: [2, 2, 1.5], facing: [1, 0, 0]))
    let bare = light(shot(scenery, at: [4.5, 2, 1.5], facing: [1, 0, 0]))
    for (k, tint) in [0.9, 0.6, 0.3].enumerated() {
      #expect(abs(through[k] / bare[k] / pow(tint, Double(count)) - 1) < 0.06)
    }
  }

  @Test func depthAndNormalAreOfWhatIsBehindGlass() {
    var stage = dimStage()
    hang(stage.add(.pane(.white, reflectivity: 0.1)), at: 3, on: &stage)
    let scenery = Scenery(stage)
    let film = shot(scenery, at: [2, 2, 1.5], facing: [1, 0, 0])
    #expect(film.depth.allSatisfy { abs($0 - 4) < 1e-3 })
    #expect(film.reflective.allSatisfy { $0 })
    #expect(scenery.normals(film.frame.camera).allSatisfy { $0 == [-1, 0, 0] })
  }

  @Test func theThirdPaneIsOpaque() {
    var stage = dimStage()
    let glass = stage.add(.pane(.white))
    for k in 0..<3 { hang(glass, at: 3 + 0.5 * Double(k), on: &stage) }
    let film = shot(Scenery(stage), at: [2, 2, 1.5], facing: [1, 0, 0])
    #expect(film.depth.allSatisfy { abs($0 - 1.99) < 1e-3 })
  }

  @Test func glassMirrorsWhatIsBeforeIt() {
    func redness(reflectivity: Float) -> Double {
      var stage = dimStage()
      stage.room.walls.0 = stage.add(.plain(Linear(r: 0.8, g: 0, b: 0)))
      hang(stage.add(.pane(.white, reflectivity: reflectivity)), at: 3, on: &stage)
      let seen = light(shot(Scenery(stage), at: [2, 2, 1.5], facing: [1, 0, 0]))
      return seen.x / seen.y
    }
    #expect(abs(redness(reflectivity: 0) - 1) < 0.03)
    #expect(redness(reflectivity: 0.3) > 1.4)
  }

  @Test func aRedPaneUnderTheLampThrowsARedShadow() {
    var stage = emptyStage()
    let red = stage.add(.pane(Linear(r: 1, g: 0.1, b: 0.1)))
    stage.box(Spot(center: [3, 2], angle: 0), at: [0, 0, 1.5], half: [0.6, 0.6, 0.02], red)
    let scenery = Scenery(stage)
    let below = light(shot(scenery, at: [3, 2, 1], facing: [0, 0, -1]))
    let beside = light(shot(scenery, at: [5.5, 3.5, 1], facing: [0, 0, -1]))
    #expect(below.x > 1.5 * below.y)
    #expect(abs(beside.x / beside.y - 1) < 0.03)
  }

  /// The sky is endlessly far, so a step to the side changes nothing.
  @Test func aWindowOfGlassShowsTheSky() {
    var stage = dimStage()
    stage.room.sky_zenith = (0.04, 0.08, 0.16)
    stage.room.sky_horizon = (0.04, 0.08, 0.16)
    let glass = stage.add(.pane(Linear(r: 1, g: 1, b: 1)))
    let window = Rectangle(low: [0.5, 0.5], high: [3.5, 2.5])
    stage.decal(1, window, glass, frame: 0, glass)
    let scenery = Scenery(stage)
    let films = [1.5, 2.5].map { shot(scenery, at: [4, $0, 1.5], facing: [1, 0, 0]) }
    #expect(films[0].frame.image == films[1].frame.image)
    #expect(films[0].depth.allSatisfy { $0 == Film.skyDepth })
    #expect(scenery.normals(films[0].frame.camera).allSatisfy { $0 == .zero })
    let seen = light(films[0])
    #expect(abs(seen.z / seen.x / 4 - 1) < 0.15)
  }

  /// A room without its lamp, so that no shadow is in the way.
  private func dimStage() -> Stage {
    var stage = emptyStage()
    stage.room.light_color = (0, 0, 0)
    return stage
  }

  /// A pane across the room, its front at `x` - 0.01.
  private func hang(_ glass: Int32, at x: Double, on stage: inout Stage) {
    stage.box(Spot(center: [x, 2], angle: 0), at: [0, 0, 1.5], half: [0.01, 1, 1], glass)
  }
}

extension tracer_material {
  /// Clear glass of a colour.
  static func pane(_ c: Linear, reflectivity: Float = 0) -> tracer_material {
    var m = plain(c)
    (m.transparency, m.reflectivity) = (1, reflectivity)
    return m
  }
}
