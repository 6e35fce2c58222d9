import CTracer
import Scene

extension Stage {
  /// A furnished room.
  static func room(seed: UInt64) -> Stage {
    var dice = Dice(seed: seed, purpose: 1)
    let size = SIMD3(
      dice.real(in: 4...8), dice.real(in: 4...8), dice.real(in: 2.4...3.2))
    var stage = Stage(size: size, dice: dice)
    stage.paintWalls()
    stage.hangPictures()
    stage.furnish()
    stage.hangLamps()
    stage.light()
    return stage
  }

  private mutating func paintWalls() {
    room.size = single(size)
    let shared = dice.chance(0.35) ? material(.wall) : nil
    let walls = (0..<4).map { _ in dice.chance(0.7) ? shared ?? material(.wall) : material(.wall) }
    var ground = tracer_material.random(.floor, palette, &dice)
    if dice.chance(0.3) {
      ground.reflectivity = Float(dice.real(in: 0.04...0.3))
      ground.shine = 0.4
    }
    room.walls = (walls[0], walls[1], walls[2], walls[3], add(ground), material(.ceiling))
    if dice.chance(0.35) { wainscot() }
  }

  /// A band around the foot of the walls.
  private mutating func wainscot() {
    let height = dice.pick([0.1, 0.12, dice.real(in: 0.5...1.2)])
    let (band, rim) = (material(.wall), material(.furniture))
    for wall in 0..<4 {
      let width = extent(of: wall).x
      decal(wall, Rectangle(low: [-1, -1], high: [width + 1, height]), band, frame: 0.03, rim)
    }
  }

  // MARK: Flat things

  private mutating func hangPictures() {
    for wall in 0..<4 {
      if dice.chance(0.3) { door(wall) }
      if dice.chance(0.35) { window(wall) }
      for _ in 0..<dice.whole(in: 1...3) { picture(wall) }
    }
    for _ in 0..<dice.whole(in: 0...2) { rug() }
    if dice.chance(0.45) { hangMirror() }
  }

  private mutating func door(_ wall: Int) {
    let x = dice.real(in: 0.7...extent(of: wall).x - 0.7)
    let part = Rectangle(low: [x - 0.45, 0], high: [x + 0.45, dice.real(in: 1.9...2.15)])
    guard take(part, ofWall: wall) else { return }
    decal(wall, part, material(.wall), frame: 0.06, material(.furniture))
  }

  private mutating func picture(_ wall: Int) {
    let half = SIMD2(dice.real(in: 0.2...0.8), dice.real(in: 0.2...0.6))
    let width = extent(of: wall).x
    let center = SIMD2(
      dice.real(in: half.x + 0.1...width - half.x - 0.1), dice.real(in: 1.3...size.z - half.y - 0.1)
    )
    guard take(Rectangle(center: center, half: half), ofWall: wall) else { return }
    let kind = dice.pick([
      TRACER_LANDSCAPE, TRACER_LANDSCAPE, TRACER_LANDSCAPE, TRACER_GLYPHS, TRACER_RINGS,
      TRACER_BLOBS, TRACER_MARBLE, TRACER_VORONOI, TRACER_SPOTS, TRACER_TRUCHET, TRACER_PLAID,
    ])
    var art = tracer_material.random(kind, .furniture, palette, &dice)
    if kind == TRACER_LANDSCAPE { (art.scale, art.aspect) = (Float(0.5 / half.y), 1) }
    decal(
      wall, Rectangle(center: center, half: half), add(art), frame: dice.real(in: 0.02...0.08),
      material(.furniture))
  }

  private mutating func window(_ wall: Int) {
    let half = SIMD2(dice.real(in: 0.4...0.9), dice.real(in: 0.4...0.65))
    let width = extent(of: wall).x
    let center = SIMD2(dice.real(in: half.x + 0.2...width - half.x - 0.2), dice.real(in: 1.3...1.6))
    guard take(Rectangle(center: center, half: half), ofWall: wall) else { return }
    var glass = tracer_material.random(TRACER_PANES, .wall, palette, &dice)
    (glass.scale, glass.vary, glass.glow) = (Float(dice.real(in: 1.5...3)), 1, 0.6)
    (glass.line, glass.turn) = (0.08, (1, 0))
    glass.ground = (
      Linear(hue: 0.35, saturation: dice.real(in: 0.1...0.5), value: 0.55).tuple,
      Linear(hue: 0.57, saturation: dice.real(in: 0.05...0.5), value: 0.95).tuple
    )
    decal(
      wall, Rectangle(center: center, half: half), add(glass), frame: 0.05, material(.furniture),
      window: true)
  }

  private mutating func rug() {
    let half = SIMD2(dice.real(in: 0.5...1.4), dice.real(in: 0.5...1.2))
    let center = SIMD2(
      dice.real(in: half.x...size.x - half.x), dice.real(in: half.y...size.y - half.y))
    decal(
      4, Rectangle(center: center, half: half), material(.furniture),
      frame: dice.real(in: 0.05...0.2), material(.furniture))
  }

  private mutating func hangMirror() {
    let wall = dice.whole(in: 0...3)
    let width = extent(of: wall).x
    let half = SIMD2(dice.real(in: 0.3...1.2), dice.real(in: 0.4...0.8))
    let center = SIMD2(dice.real(in: half.x...width - half.x), dice.real(in: 1.1...1.5))
    guard take(Rectangle(center: center, half: half), ofWall: wall) else { return }
    decal(
      wall, Rectangle(center: center, half: half), add(.mirror()), frame: 0.05,
      material(.furniture))
  }

  // MARK: Furniture

  /// Places pieces until the floor is a third full, or objects run short.
  private mutating func furnish() {
    let wanted = dice.real(in: 0.2...0.4)
    for _ in 0..<100 where crowding < wanted && spareObjects > 18 {
      let piece = Piece.random(&dice)
      if let spot = spot(for: piece) { piece.build(&self, spot) }
    }
  }

  private mutating func spot(for piece: Piece) -> Spot? {
    piece.againstWall ? wallSpot(piece.half) : openSpot(piece.half)
  }

  /// A free place at a random angle anywhere.
  private mutating func openSpot(_ half: SIMD2<Double>) -> Spot? {
    let angle =
      dice.chance(0.4)
      ? Double(dice.whole(in: 0...3)) * .pi / 2
      : dice.real(in: 0...2 * Double.pi)
    let (c, s) = (abs(cos(angle)), abs(sin(angle)))
    let reach = SIMD2(half.x * c + half.y * s, half.x * s + half.y * c) + 0.05
    let center = SIMD2(dice.real(in: 0...size.x), dice.real(in: 0...size.y))
    return take(Rectangle(center: center, half: reach)) ? Spot(center: center, angle: angle) : nil
  }

  /// A free place with the back to a random wall.
  private mutating func wallSpot(_ half: SIMD2<Double>) -> Spot? {
    let wall = dice.whole(in: 0...3)
    let along = dice.real(in: half.x...max(half.x, extent(of: wall).x - half.x))
    let away = half.y + 0.02
    let spot =
      switch wall {
      case 0: Spot(center: [away, along], angle: -.pi / 2)
      case 1: Spot(center: [size.x - away, along], angle: .pi / 2)
      case 2: Spot(center: [along, away], angle: 0)
      default: Spot(center: [along, size.y - away], angle: .pi)
      }
    let reach = wall < 2 ? SIMD2(half.y, half.x) : half
    return take(Rectangle(center: spot.center, half: reach)) ? spot : nil
  }

  // MARK: Light

  private mutating func hangLamps() {
    guard dice.chance(0.3), spareObjects > 4 else { return }
    let spot = Spot(
      center: [dice.real(in: 0.8...size.x - 0.8), dice.real(in: 0.8...size.y - 0.8)], angle: 0)
    let (wire, drop) = (material(.trinket), dice.real(in: 0.3...0.6))
    var shade = tracer_material.random(.trinket, palette, &dice)
    shade.glow = Float(dice.real(in: 0.5...1.5))
    stick(spot, from: [0, 0, size.z], to: [0, 0, size.z - drop], radius: 0.01, wire)
    cone(
      spot, at: [0, 0, size.z - drop], radius: 0.15, height: 0.2, add(shade), taper: -0.4)
  }

  private mutating func light() {
    let half = SIMD2(dice.real(in: 0.15...0.7), dice.real(in: 0.15...0.7))
    let center = SIMD2(
      dice.real(in: 0.25...0.75) * size.x, dice.real(in: 0.25...0.75) * size.y)
    let tint = Linear(kelvin: dice.real(in: 3.2...8.5))
    room.light_center = single([center.x, center.y, size.z - 0.01])
    room.light_half = (Float(half.x), Float(half.y))
    room.light_color = tint.times(dice.real(in: 4...9)).tuple
    let share = dice.real(in: 0.25...0.55)
    let air = Linear(kelvin: dice.real(in: 4...9)).times(share)
    (room.ambient_up, room.ambient_down) = (air.tuple, air.times(dice.real(in: 0.8...1.3)).tuple)
    let angle = dice.real(in: 0...2 * Double.pi)
    room.fill = single([cos(angle) * 0.9, sin(angle) * 0.9, 0.3])
    room.brightness = Float(dice.real(in: 0.22...0.42))
    if dice.chance(0.6) { sun() }
    var lamp = tracer_material.plain(.white)
    lamp.glow = 4
    decal(5, Rectangle(center: center, half: half), add(lamp), frame: 0.03, material(.trinket))
  }

  /// Lets the sun in through one of the windows.
  private mutating func sun() {
    let windows = decals.filter { $0.window != 0 }
    guard !windows.isEmpty else { return }
    let outward = [2, 0, 3, 1][Int(dice.pick(windows).wall)] * Double.pi / 2
    let (azimuth, height) = (outward + dice.real(in: -0.8...0.8), dice.real(in: 0.35...0.8))
    room.sun_way = single([
      cos(azimuth) * cos(height), sin(azimuth) * cos(height), sin(height),
    ])
    room.sun_color = Linear(kelvin: dice.real(in: 3.5...6)).times(dice.real(in: 1...2.5)).tuple
  }
}
