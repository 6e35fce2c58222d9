import CTracer
import Scene
import Testing

@testable import Procedural

private let patterns = TRACER_PHOTO.rawValue..<TRACER_PATTERNS.rawValue

@Suite struct PatternTests {
  /// On a floor that recedes from 2 metres to the horizon: four samples have nothing left to alias.
  @Test(arguments: patterns)
  func fourSamplesComeCloseToManySamples(pattern: UInt32) {
    let scenery = plain(pattern)
    let films = [4, 64].map {
      shot(scenery, at: [10, 10, 1.6], facing: [1, 0.3, -0.5], view: 1.1, size: 96, samples: $0)
    }
    #expect(psnr(films[0].frame.image, films[1].frame.image) > 38)
  }

  @Test(arguments: patterns)
  func patternsShow(pattern: UInt32) {
    let film = shot(plain(pattern), at: [10, 10, 1.2], facing: [0, 0.1, -1], view: 1, size: 64)
    let values = film.frame.image.pixels.map { Double($0) }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    #expect(variance.squareRoot() > 8)
  }

  @Test func patternsDiffer() {
    let images = patterns.map {
      shot(plain($0), at: [10, 10, 1.2], facing: [0, 0.1, -1], view: 1, size: 48).frame.image
    }
    for (i, a) in images.enumerated() {
      for b in images[..<i] { #expect(psnr(a, b) < 30) }
    }
  }

  /// A facade at night: windows shine, the wall between them does not.
  @Test func onlyTheWindowsOfAFacadeGlow() {
    var stage = openStage()
    var facade = patterned(Int32(TRACER_FACADE.rawValue))
    (facade.glow, facade.grain) = (1, 0)
    stage.room.walls.4 = stage.add(facade)
    (stage.room.ambient_up, stage.room.ambient_down) = ((0, 0, 0), (0, 0, 0))
    stage.room.sun_color = (0, 0, 0)
    let film = shot(
      Scenery(stage), at: [10, 10, 3], facing: [0, 0.1, -1], view: 1, size: 64, samples: 16)
    let bright = (0..<64 * 64).map { light(film, pixel: $0).sum() }
    let dark = bright.count { $0 < 0.02 * bright.max()! }
    #expect((0.5...0.97).contains(Double(dark) / (64 * 64)))
  }

  /// An endless floor of one pattern under a plain sky.
  private func plain(_ pattern: UInt32) -> Scenery {
    var stage = openStage()
    stage.room.walls.4 = stage.add(patterned(Int32(pattern)))
    (stage.room.sun_color, stage.room.brightness) = ((0, 0, 0), 0.6)
    return Scenery(stage)
  }
}
