import CTracer
import Scene

extension Stage {
  /// A hall of pictures and sculptures: glossy floor, mirrors, glass walls and showcases.
  static func gallery(_ dice: Dice, _ style: ProceduralWorld.Style) -> Stage {
    var dice = dice
    let size = SIMD3(dice.real(in: 8...13), dice.real(in: 6...10), dice.real(in: 3...4.5))
    var stage = Stage(size: size, dice: dice, style: style)
    stage.paintWalls()
    stage.polishFloor()
    if style == .night { stage.hangTubes(stage.dice.whole(in: 3...9)) }
    stage.hangMirror(0.6...1.8)
    if style == .daylight || style == .dusk || stage.dice.chance(0.4) {
      stage.window(stage.dice.whole(in: 0...3), 1...min(size.x, size.y) - 1)
    }
    for wall in 0..<4 {
      for _ in 0..<7 { stage.picture(wall, 0...stage.extent(of: wall).x) }
    }
    for _ in 0..<stage.dice.whole(in: 1...3) { stage.partition() }
    for _ in 0..<stage.dice.whole(in: 1...2) { stage.glassWall() }
    stage.furnish(stage.floor.inset(0.1), crowding: 0.04, sparing: 40, [Piece.showcase])
    stage.furnish(
      stage.floor.inset(0.1), crowding: 0.2, sparing: 8,
      [
        Piece.showcase, Piece.sculpture, Piece.sculpture, Piece.pedestal, Piece.bench, Piece.balls,
        Piece.pillar, Piece.mirrorColumn, Piece.plant,
      ])
    stage.light(at: stage.floor, share: 0.35...0.7, lamp: 0.4...1.8)
    return stage
  }

  private mutating func polishFloor() {
    var ground = tracer_material.random(
      dice.pick([TRACER_MARBLE, TRACER_TERRAZZO, TRACER_TILES, TRACER_PLANKS, TRACER_HERRINGBONE]),
      .floor, palette, &dice)
    ground.reflectivity = Float(dice.real(in: 0.12...0.45))
    ground.shine = 0.6
    room.walls.4 = add(ground)
  }

  /// A wall that stands free, with pictures on both sides.
  private mutating func partition() {
    let half = SIMD2(dice.real(in: 0.8...1.8), dice.real(in: 0.05...0.1))
    guard let spot = stand(half, aisle: 0.8) else { return }
    let height = dice.real(in: 2.1...2.8)
    box(spot, at: [0, 0, height / 2], half: [half.x, half.y, height / 2], material(.wall))
    for side in [-1.0, 1.0] {
      let art = SIMD2(dice.real(in: 0.3...half.x - 0.2), dice.real(in: 0.25...0.6))
      framed(spot, at: [0, side * (half.y + 0.015), 1.5], half: art)
    }
  }

  /// A picture as a thin box, where there is no outer wall to hang it on.
  mutating func framed(_ spot: Spot, at p: SIMD3<Double>, half: SIMD2<Double>) {
    let (frame, art) = (material(.furniture), artwork(half))
    box(spot, at: p, half: [half.x, 0.015, half.y], frame)
    box(spot, at: p, half: [half.x - 0.04, 0.022, half.y - 0.04], frame, front: art)
  }

  /// Panes of glass between posts.
  private mutating func glassWall() {
    let half = SIMD2(dice.real(in: 0.8...1.6), 0.05)
    guard let spot = stand(half, aisle: 0.7) else { return }
    let (height, glass, metal) = (dice.real(in: 1.9...2.5), add(.glass(&dice)), material(.metal))
    box(spot, at: [0, 0, height / 2 + 0.05], half: [half.x, 0.012, height / 2], glass)
    for x in [-half.x, 0, half.x] {
      box(spot, at: [x, 0, height / 2 + 0.03], half: [0.025, 0.035, height / 2 + 0.03], metal)
    }
    box(spot, at: [0, 0, 0.03], half: [half.x, 0.04, 0.03], metal)
  }

  /// A place along x or y with an aisle around it.
  private mutating func stand(_ half: SIMD2<Double>, aisle: Double) -> Spot? {
    for _ in 0..<30 {
      let along = dice.chance(0.5)
      let reach = (along ? half : SIMD2(half.y, half.x)) + aisle
      let center = place(in: floor)
      if take(Rectangle(center: center, half: reach), in: floor) {
        return Spot(center: center, angle: along ? 0 : .pi / 2)
      }
    }
    return nil
  }
}

extension Piece {
  /// A thing on a plinth under glass.
  static func showcase(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.2...0.45), dice.real(in: 0.2...0.4))
    let (foot, height) = (dice.real(in: 0.5...0.95), dice.real(in: 0.2...0.4))
    return Piece(half: half + 0.05) { stage, spot in
      stage.box(
        spot, at: [0, 0, foot / 2], half: [half.x, half.y, foot / 2], stage.material(.furniture))
      stage.exhibit(spot, at: [0, 0, foot], size: min(half.x, half.y, height) * 0.7)
      let glass = stage.add(.glass(&stage.dice))
      stage.box(
        spot, at: [0, 0, foot + height], half: [half.x - 0.01, half.y - 0.01, height], glass)
    }
  }

  static func sculpture(_ dice: inout Dice) -> Piece {
    let (height, width) = (dice.real(in: 0.1...1.0), dice.real(in: 0.2...0.4))
    return Piece(half: [width + 0.1, width + 0.1]) { stage, spot in
      stage.box(
        spot, at: [0, 0, height / 2], half: [width, width, height / 2], stage.material(.furniture))
      stage.exhibit(spot, at: [0, 0, height], size: width * stage.dice.real(in: 0.8...1.1))
    }
  }

  /// A column that shows the hall around it.
  static func mirrorColumn(_ dice: inout Dice) -> Piece {
    let (half, height) = (dice.real(in: 0.12...0.3), dice.real(in: 1.6...2.6))
    let round = dice.chance(0.4)
    return Piece(half: [half + 0.05, half + 0.05]) { stage, spot in
      let skin = stage.add(.mirror())
      if round {
        stage.cone(spot, at: [0, 0, height / 2], radius: half, height: height, skin)
      } else {
        stage.box(spot, at: [0, 0, height / 2], half: [half, half, height / 2], skin)
      }
    }
  }
}

extension Stage {
  /// A sculpture of about a size that stands at a point.
  mutating func exhibit(_ spot: Spot, at p: SIMD3<Double>, size s: Double) {
    let skin = dice.chance(0.2) ? add(.mirror()) : material(.trinket)
    switch dice.whole(in: 0...5) {
    case 0: vase(spot, at: p, size: s * 0.8, skin)
    case 1:
      for (k, r) in [0.5, 0.4, 0.3].enumerated() {
        let z = [0.5, 1.25, 1.85][k] * s
        ellipsoid(spot, at: p + [0, 0, z], half: SIMD3(repeating: r * s), skin)
      }
    case 2: twist(spot, at: p, size: s, skin)
    case 3: cone(spot, at: p + [0, 0, s], radius: s * 0.5, height: s * 2, skin, taper: -0.95)
    case 4: arch(spot, at: p, size: s, skin)
    default:
      ellipsoid(spot, at: p + [0, 0, s], half: [s * 0.7, s * 0.5, s], skin)
    }
  }

  /// Flat boxes, each turned against the one below.
  private mutating func twist(
    _ spot: Spot, at p: SIMD3<Double>, size s: Double, _ skin: Int32
  ) {
    let (other, turn) = (material(.trinket), dice.real(in: 0.2...0.7))
    let foot = spot.point(p)
    for k in 0..<4 {
      let spot = Spot(center: [foot.x, foot.y], angle: spot.angle + turn * Double(k))
      box(
        spot, at: [0, 0, p.z + s * (0.22 + 0.45 * Double(k))], half: [s * 0.55, s * 0.3, s * 0.22],
        k % 2 == 0 ? skin : other)
    }
  }

  private mutating func arch(_ spot: Spot, at p: SIMD3<Double>, size s: Double, _ skin: Int32) {
    let points: [SIMD3<Double>] = (0...5).map { k in
      let angle = Double(k) * .pi / 5
      return p + [cos(angle) * s * 0.7, 0, sin(angle) * s * 1.6]
    }
    for (a, b) in zip(points, points.dropFirst()) {
      stick(spot, from: a, to: b, radius: s * 0.12, skin)
    }
  }
}
