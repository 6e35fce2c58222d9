import CTracer
import Scene

extension Stage {
  /// Lawn, paths, a pond, trees and hedges, and mostly a house.
  static func garden(_ dice: Dice, _ style: ProceduralWorld.Style) -> Stage {
    var dice = dice
    let size = SIMD3(dice.real(in: 12...20), dice.real(in: 12...20), 12)
    var stage = Stage(size: size, dice: dice, style: style)
    stage.light(ground: stage.material(.lawn))
    let depth = 0.8
    let home = stage.dice.whole(in: 0...5)
    for side in 0..<4 {
      if side == home {
        stage.build(House(on: stage.strip(side, depth: depth), storeys: 1...3, &stage.dice))
        stage.dress(stage.front(side, depth: depth), width: side < 2 ? size.y : size.x)
      } else {
        stage.wall(stage.strip(side, depth: depth))
      }
    }
    stage.layPaths()
    let lawn = stage.floor.inset(depth)
    for _ in 0..<stage.dice.whole(in: 1...4) { stage.bed(in: lawn) }
    stage.plantWoods(stage.dice.whole(in: 4...9))
    if stage.dice.chance(0.4) { stage.buildSkyline(2) }
    let lamps = style == .night ? 2...4 : 0...1
    stage.scatter(stage.dice.whole(in: lamps), in: lawn, [Piece.streetLamp])
    stage.scatter(
      stage.dice.whole(in: 1...2), in: lawn.inset(0.5),
      [Piece.pergola, Piece.greenhouse, Piece.fountain, Piece.parasol])
    stage.scatter(stage.dice.whole(in: 2...4), in: lawn, [Piece.tree])
    stage.furnish(
      lawn, crowding: stage.dice.real(in: 0.12...0.25), sparing: 5,
      [
        Piece.tree, Piece.tree, Piece.tree, Piece.bush, Piece.bush, Piece.bush, Piece.hedge,
        Piece.stones, Piece.flowerPot, Piece.bench, Piece.sculpture, Piece.parasol, Piece.bundle,
      ])
    return stage
  }

  /// One path along x and one along y, or one of them.
  private mutating func layPaths() {
    let (skin, rim) = (material(.paving), material(.paving))
    let middle = SIMD2(dice.real(in: 0.3...0.7), dice.real(in: 0.3...0.7)) * SIMD2(size.x, size.y)
    let width = dice.real(in: 0.4...0.9)
    if dice.chance(0.8) {
      decal(
        4, Rectangle(center: [size.x / 2, middle.y], half: [size.x / 2, width]), skin,
        frame: 0.08, rim)
    }
    if dice.chance(0.6) {
      decal(
        4, Rectangle(center: [middle.x, size.y / 2], half: [width, size.y / 2]), skin,
        frame: 0.08, rim)
    }
  }
}

extension Piece {
  /// Posts and beams to walk under.
  static func pergola(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.9...1.6), dice.real(in: 0.8...1.3))
    let height = dice.real(in: 2.3...2.7)
    return Piece(half: half) { stage, spot in
      let (wood, leaf) = (stage.material(.furniture), stage.foliage())
      for (x, y) in [(-1.0, -1.0), (-1, 1), (1, -1), (1, 1)] {
        stage.box(
          spot, at: [x * half.x, y * half.y, height / 2], half: [0.06, 0.06, height / 2], wood)
      }
      for y in [-1.0, 1] {
        stage.box(spot, at: [0, y * half.y, height], half: [half.x + 0.2, 0.05, 0.07], wood)
      }
      for k in 0..<4 {
        let x = half.x * (Double(k) / 1.5 - 1)
        stage.box(spot, at: [x, 0, height + 0.1], half: [0.04, half.y + 0.25, 0.05], wood)
      }
      stage.ellipsoid(
        spot, at: [half.x, half.y, height], half: [0.45, 0.4, 0.3], leaf)
    }
  }

  /// A glass house with plants in it.
  static func greenhouse(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.9...1.5), dice.real(in: 0.7...1.1))
    let height = dice.real(in: 1.8...2.2)
    return Piece(half: half) { stage, spot in
      let (metal, leaf) = (stage.material(.metal), stage.foliage())
      let glass = stage.add(.glass(&stage.dice))
      stage.box(
        spot, at: [0, 0, height / 2], half: [half.x - 0.02, half.y - 0.02, height / 2], glass)
      for (x, y) in [(-1.0, -1.0), (-1, 1), (1, -1), (1, 1), (0, 1), (0, -1)] {
        stage.box(
          spot, at: [x * half.x, y * half.y, height / 2], half: [0.03, 0.03, height / 2], metal)
      }
      for y in [-1.0, 1] {
        stage.box(spot, at: [0, y * half.y, height], half: [half.x, 0.04, 0.04], metal)
      }
      for x in [-0.5, 0.5] {
        stage.ellipsoid(
          spot, at: [x * half.x, 0, 0.5], half: [half.x * 0.35, half.y * 0.5, 0.5], leaf)
      }
    }
  }
}
