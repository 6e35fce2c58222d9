import CTracer
import Scene

/// Flat things on a room's walls and floor.
extension Stage {
  /// A place on a wall between two distances along it; nil if that is too short.
  private mutating func center(
    on wall: Int, _ span: ClosedRange<Double>, half: SIMD2<Double>, heights: ClosedRange<Double>
  ) -> SIMD2<Double>? {
    let low = span.lowerBound + half.x + 0.1, high = span.upperBound - half.x - 0.1
    guard low < high else { return nil }
    let center = SIMD2(dice.real(in: low...high), dice.real(in: heights))
    return take(Rectangle(center: center, half: half), ofWall: wall) ? center : nil
  }

  mutating func picture(_ wall: Int, _ span: ClosedRange<Double>) {
    let half = SIMD2(dice.real(in: 0.2...0.8), dice.real(in: 0.2...0.6))
    let top = max(1.31, size.z - half.y - 0.1)
    guard let center = center(on: wall, span, half: half, heights: 1.3...min(top, 2.2)) else {
      return
    }
    decal(
      wall, Rectangle(center: center, half: half), artwork(half),
      frame: dice.real(in: 0.02...0.08), material(.furniture))
  }

  /// What a picture of that size shows.
  mutating func artwork(_ half: SIMD2<Double>) -> Int32 {
    let kind = dice.pick([
      TRACER_PHOTO, TRACER_PHOTO, TRACER_PHOTO, TRACER_LANDSCAPE, TRACER_POSTERS, TRACER_GLYPHS,
      TRACER_RINGS, TRACER_BLOBS, TRACER_MARBLE, TRACER_VORONOI, TRACER_TRUCHET,
    ])
    var art = tracer_material.random(
      kind, .furniture, palette.bolder(saturation: 0.5, sobriety: 0.2), &dice)
    if kind == TRACER_LANDSCAPE { (art.scale, art.aspect) = (Float(0.5 / half.y), 1) }
    if kind == TRACER_PHOTO || kind == TRACER_POSTERS {
      art.scale = Float(dice.real(in: 0.6...2) / half.y)
    }
    return add(art)
  }

  mutating func window(_ wall: Int, _ span: ClosedRange<Double>) {
    let most = min(1.2, (span.upperBound - span.lowerBound) / 2 - 0.2)
    guard most > 0.4 else { return }
    let half = SIMD2(dice.real(in: 0.4...most), dice.real(in: 0.4...0.65))
    guard let center = center(on: wall, span, half: half, heights: 1.3...1.6) else { return }
    decal(
      wall, Rectangle(center: center, half: half), add(pane()), frame: 0.05, material(.furniture),
      window: true)
  }

  /// A window's glass with what shows behind it, dark at night.
  private mutating func pane() -> tracer_material {
    var glass = tracer_material.random(TRACER_PANES, .wall, palette, &dice)
    (glass.scale, glass.vary) = (Float(dice.real(in: 1.5...3)), 1)
    (glass.line, glass.turn) = (0.08, (1, 0))
    let light = style == .night ? 0.1 : style == .dusk ? 0.6 : 1
    let low = Linear(hue: 0.35, saturation: dice.real(in: 0.1...0.5), value: 0.55)
    let high = Linear(hue: 0.57, saturation: dice.real(in: 0.05...0.5), value: 0.95)
    glass.ground = (low.times(light).tuple, high.times(light).tuple)
    glass.glow = style == .daylight ? 1.1 : 0.6
    return glass
  }

  mutating func rug(in region: Rectangle) {
    let half = SIMD2(dice.real(in: 0.5...1.4), dice.real(in: 0.5...1.2))
    guard half.x < region.half.x, half.y < region.half.y else { return }
    let free = Rectangle(low: region.low + half, high: region.high - half)
    var cloth = tracer_material.random(
      dice.pick([TRACER_RUG, TRACER_RUG, TRACER_KNIT, TRACER_PLAID, TRACER_STRIPES, TRACER_PLAIN]),
      .floor, palette.bolder(saturation: 0.4, sobriety: 0.6), &dice)
    cloth.scale = Float(dice.real(in: 2...8))
    decal(
      4, Rectangle(center: place(in: free), half: half), add(cloth),
      frame: dice.real(in: 0.05...0.2), material(.furniture))
  }

  mutating func hangMirror(_ width: ClosedRange<Double>) {
    let wall = dice.whole(in: 0...3)
    let half = SIMD2(dice.real(in: width), dice.real(in: 0.4...0.8))
    guard
      let center = center(on: wall, 0...extent(of: wall).x, half: half, heights: 1.1...1.5)
    else { return }
    decal(
      wall, Rectangle(center: center, half: half), add(.mirror()), frame: 0.05,
      material(.furniture))
  }
}
