import CTracer
import Scene

extension Stage {
  /// A paved yard between houses.
  static func courtyard(_ dice: Dice, _ style: ProceduralWorld.Style) -> Stage {
    var dice = dice
    let size = SIMD3(dice.real(in: 10...16), dice.real(in: 10...16), 12)
    var stage = Stage(size: size, dice: dice, style: style)
    stage.light(ground: stage.paving())
    let depth = 1.0
    for side in 0..<4 { stage.enclose(side, depth: depth) }
    stage.buildSkyline(4)
    stage.plantWoods(stage.dice.whole(in: 2...6))
    let yard = stage.floor.inset(depth + 0.25)
    for _ in 0..<stage.dice.whole(in: 1...4) { stage.bed(in: yard) }
    if stage.dice.chance(0.5) { stage.scatter(1, in: yard.inset(1), [Piece.fountain]) }
    stage.scatter(stage.dice.whole(in: 1...3), in: yard, [Piece.streetLamp])
    stage.scatter(stage.dice.whole(in: 1...3), in: yard, [Piece.tree])
    stage.furnish(
      yard, crowding: stage.dice.real(in: 0.12...0.25), sparing: 6,
      [
        Piece.tree, Piece.tree, Piece.bench, Piece.flowerPot, Piece.flowerPot, Piece.parasol,
        Piece.bin, Piece.crates, Piece.sculpture, Piece.bush, Piece.hedge, Piece.table,
        Piece.chair, Piece.stones, Piece.bollards,
      ])
    return stage
  }

  /// Ground to walk on, sometimes wet.
  mutating func paving() -> Int32 {
    var m = tracer_material.random(.paving, palette, &dice)
    if dice.chance(style == .night ? 0.6 : 0.15) {
      (m.reflectivity, m.shine) = (Float(dice.real(in: 0.08...0.3)), 0.5)
    }
    return add(m)
  }

  /// The strip of the floor along a side (0, 1: low and high x; 2, 3: y).
  func strip(_ side: Int, depth: Double) -> Rectangle {
    switch side {
    case 0: Rectangle(low: [0, 0], high: [depth, size.y])
    case 1: Rectangle(low: [size.x - depth, 0], high: [size.x, size.y])
    case 2: Rectangle(low: [depth, 0], high: [size.x - depth, depth])
    default: Rectangle(low: [depth, size.y - depth], high: [size.x - depth, size.y])
    }
  }

  /// A place on the inner edge of a strip, facing the middle.
  func front(_ side: Int, depth: Double) -> Spot {
    let middle = floor.center
    return switch side {
    case 0: Spot(center: [depth, middle.y], angle: -.pi / 2)
    case 1: Spot(center: [size.x - depth, middle.y], angle: .pi / 2)
    case 2: Spot(center: [middle.x, depth], angle: 0)
    default: Spot(center: [middle.x, size.y - depth], angle: .pi)
    }
  }

  /// A house along a side, or a garden wall.
  private mutating func enclose(_ side: Int, depth: Double) {
    let part = strip(side, depth: depth)
    guard dice.chance(0.75) else { return wall(part) }
    build(House(on: part, storeys: 1...4, &dice))
    dress(front(side, depth: depth), width: side < 2 ? size.y : size.x)
  }

  /// A low wall, a hedge, or planks.
  mutating func wall(_ part: Rectangle) {
    let half = part.half.x < part.half.y ? SIMD2(0.12, part.half.y) : SIMD2(part.half.x, 0.12)
    let skin = dice.chance(0.4) ? foliage() : material(dice.pick([.facade, .furniture]))
    upright(
      Rectangle(center: part.center, half: half), from: 0, to: dice.real(in: 1...2.4), skin,
      top: material(.paving))
  }

  /// A part of the ground of its own: lawn, flowers, stones or water.
  mutating func bed(in region: Rectangle) {
    let half = SIMD2(dice.real(in: 0.6...2.2), dice.real(in: 0.6...2.2))
    guard half.x < region.half.x, half.y < region.half.y else { return }
    let free = Rectangle(low: region.low + half, high: region.high - half)
    let surface =
      switch dice.whole(in: 0...3) {
      case 0: material(.lawn)
      case 1: flowering()
      case 2: add(.water(&dice))
      default: material(.paving)
      }
    decal(
      4, Rectangle(center: place(in: free), half: half), surface,
      frame: dice.real(in: 0.05...0.25), material(.paving))
  }
}
