import CTracer
import Scene
import Testing

@testable import Procedural

@Suite struct StyleTests {
  /// The front of a box of 1 x 1 metre, 2 metres away: what edges change lies along its rim.
  @Test func edgesAreDrawnAlongEdgesOnly() {
    var stage = bareStage()
    stage.box(Spot(center: [4.5, 2], angle: 0), at: [0, 0, 1.5], half: [0.5, 0.5, 0.5], 0)
    let plain = front(stage, size: 128)
    stage.room.edge = 0.04
    let edged = front(stage, size: 128)
    let pixel = 2 * 2 * tan(0.3) / 128
    for i in 0..<128 * 128 {
      let (y, z) = ((Double(i % 128) - 63.5) * pixel, (Double(i / 128) - 63.5) * pixel)
      let rim = 0.5 - max(abs(y), abs(z))
      guard rim > pixel else { continue }
      let darkened = light(edged, pixel: i).y < 0.8 * light(plain, pixel: i).y
      if rim < 0.04 - pixel { #expect(darkened) }
      if rim > 0.04 + pixel { #expect(!darkened) }
    }
  }

  @Test func roundThingsAreOutlined() {
    var stage = bareStage()
    stage.ellipsoid(Spot(center: [4.5, 2], angle: 0), at: [0, 0, 1.5], half: [0.5, 0.5, 0.5], 0)
    stage.room.edge = 0.04
    let film = front(stage)
    let row = (0..<64).map { light(film, pixel: 32 * 64 + $0).y }
    let darkest = row.indices.min { row[$0] < row[$1] }!
    #expect(abs(abs(Double(darkest) - 31.5) - 32 * tan(asin(0.5 / 2.5)) / tan(0.3)) < 2.5)
    #expect(row[31] > 2 * row[darkest])
  }

  /// Light that falls off over a floor of one colour, in a handful of levels.
  @Test func bandsLeaveFewLevels() {
    func levels(bands: Int32) -> Int {
      var stage = emptyStage()
      stage.room.bands = bands
      let film = shot(
        Scenery(stage), at: [1, 2, 2.5], facing: [0.7, 0, -1], view: 1.5, size: 48)
      let values = film.frame.image.pixels.map { Int($0) }
      return Dictionary(grouping: values) { $0 }.values.count { $0.count > values.count / 100 }
    }
    #expect(levels(bands: 0) > 15)
    #expect(levels(bands: 4) < 6)
  }

  /// A step along a wall by exactly four pixels moves the strokes by four pixels.
  @Test func strokesStayOnTheirSurface() {
    var stage = bareStage()
    stage.room.hatch = 1
    stage.room.walls.1 = stage.add(.plain(Linear(r: 0.15, g: 0.15, b: 0.15)))
    let scenery = Scenery(stage)
    let pixel = 2 * 2 * tan(0.3) / 64
    let a = shot(scenery, at: [4, 2, 1.5], facing: [1, 0, 0], view: 0.6, size: 64)
    let b = shot(scenery, at: [4, 2 - 4 * pixel, 1.5], facing: [1, 0, 0], view: 0.6, size: 64)
    #expect(psnr(shifted(a, by: 4), shifted(b, by: 0)) > 40)
    #expect(psnr(shifted(a, by: 0), shifted(b, by: 0)) < 25)
  }

  /// Every feature at once, in a room and under the sky: the form that GPUs run films the same.
  @Test(arguments: [false, true], 0..<4)
  func eightLanesFilmWhatOneLaneFilms(open: Bool, view: Int) {
    let scenery = Scenery(everything(open: open))
    let facing = SIMD3(cos(Double(view) * 1.6), sin(Double(view) * 1.6), open ? 0.2 : 0)
    let film = shot(scenery, at: [2.5, 2.2, 1.4], facing: facing, view: 1.2, size: 64)
    var lens = tracer_camera(film.frame.camera)
    var pixels = [UInt8](repeating: 0, count: 64 * 64 * 3)
    var depth = [Float](repeating: 0, count: 64 * 64)
    var reflective = [UInt8](repeating: 0, count: 64 * 64)
    tracer_film_one_lane(scenery.pointer, &lens, 4, &pixels, &depth, &reflective)
    let apart = zip(depth, film.depth).count { abs($0 - $1) > 1e-3 * $0 }
    let unlike = zip(reflective, film.reflective).count { ($0 != 0) != $1 }
    #expect(apart <= 4 && unlike <= 4)  // at edges, where rounding decides
    #expect(psnr(Image(width: 64, height: 64, pixels: pixels), film.frame.image) > 45)
  }

  private func front(_ stage: Stage, size: Int = 64) -> Film {
    shot(Scenery(stage), at: [2, 2, 1.5], facing: [1, 0, 0], view: 0.6, size: size)
  }

  /// Without the lamp, whose shadows are noisy.
  private func bareStage() -> Stage {
    var stage = emptyStage()
    stage.room.light_color = (0, 0, 0)
    return stage
  }

  /// The middle of a film, from a column on.
  private func shifted(_ film: Film, by columns: Int) -> Image {
    let all = film.frame.image.pixels
    var rows: [UInt8] = []
    for y in 0..<64 {
      let start = (y * 64 + columns) * 3
      rows += all[start..<start + 56 * 3]
    }
    return Image(width: 56, height: 64, pixels: rows)
  }

  private func everything(open: Bool) -> Stage {
    var stage = open ? openStage() : emptyStage()
    let surfaces = (TRACER_PHOTO.rawValue..<TRACER_PATTERNS.rawValue).map { pattern in
      stage.add(patterned(Int32(pattern)))
    }
    let panes = [
      stage.add(.pane(Linear(r: 0.9, g: 0.5, b: 0.4), reflectivity: 0.1)), stage.add(.mirror()),
    ]
    for k in 0..<100 {
      let (angle, far) = (Double(k) * 2.4, 0.8 + 0.012 * Double(k))
      let spot = Spot(center: [2.5 + far * cos(angle), 2.2 + far * sin(angle)], angle: angle)
      let p = SIMD3(0, 0, 0.5 + Double(k % 7) * 0.25)
      let material = k % 5 == 0 ? panes[k / 5 % 2] : surfaces[k % surfaces.count]
      switch k % 4 {
      case 0: stage.box(spot, at: p, half: [0.1, 0.02, 0.12], material)
      case 1: stage.ellipsoid(spot, at: p, half: [0.08, 0.1, 0.07], material)
      case 2: stage.cone(spot, at: p, radius: 0.07, height: 0.2, material, taper: 0.3)
      default: stage.stick(spot, from: p, to: p + [0.1, 0, 0.2], radius: 0.02, material)
      }
    }
    stage.room.walls.0 = surfaces[0]
    stage.room.walls.4 = surfaces[3]
    (stage.room.clouds, stage.room.sky_seed) = (0.5, 9)
    (stage.room.fog, stage.room.fog_density) = ((0.5, 0.5, 0.6), 0.05)
    (stage.room.bands, stage.room.edge, stage.room.hatch) = (4, 0.01, 0.5)
    (stage.room.glare, stage.room.flare) = (0.5, 0.5)
    return stage
  }
}

/// A material of four unlike colours, as patterns show them best.
func patterned(_ pattern: Int32) -> tracer_material {
  var m = tracer_material.plain(.white)
  (m.pattern, m.seed, m.scale, m.line, m.vary, m.grain) = (pattern, 7, 3, 0.4, 0.7, 0.25)
  m.ground = ((0.12, 0.2, 0.28), (0.4, 0.48, 0.4))
  m.figure = ((0.55, 0.25, 0.12), (0.8, 0.7, 0.5))
  return m
}
