import CTracer
import Scene

extension Stage {
  /// A street between two rows of houses, with pavements, lamps, trees and parked cars.
  static func street(_ dice: Dice, _ style: ProceduralWorld.Style) -> Stage {
    var dice = dice
    let plan = StreetPlan(&dice)
    var stage = Stage(size: [plan.length, plan.width, 20], dice: dice, style: style)
    stage.light(ground: stage.paving())
    stage.pave(plan)
    for side in [0, 1] { stage.buildRow(plan, side) }
    stage.closeEnds(plan)
    stage.plantWoods(5)
    for side in [0, 1] {
      stage.scatter(stage.dice.whole(in: 1...3), in: plan.pavement(side), [Piece.streetLamp])
    }
    for _ in 0..<stage.dice.whole(in: 2...4) { stage.park(plan) }
    for side in [0, 1] {
      stage.furnish(
        plan.pavement(side), crowding: stage.dice.real(in: 0.06...0.16), sparing: 8 - 4 * side,
        [
          Piece.tree, Piece.tree, Piece.bin, Piece.signpost, Piece.bollards, Piece.flowerPot,
          Piece.bench, Piece.parasol, Piece.crates, Piece.hedge,
        ])
    }
    return stage
  }

  private mutating func pave(_ plan: StreetPlan) {
    let stone = material(.paving)
    for side in [0, 1] {
      upright(plan.pavement(side).widened(0.1), from: -0.1, to: 0.12, stone)
    }
    var paint = tracer_material.random(TRACER_STRIPES, .paving, palette, &dice)
    paint.color(Linear(r: 0.5, g: 0.5, b: 0.48), on: Linear(r: 0.09, g: 0.09, b: 0.1))
    (paint.scale, paint.aspect, paint.line, paint.warp) = (1, 1, 0.5, 0)
    let middle = plan.width / 2
    if dice.chance(0.6) {
      paint.turn = (1, 0)
      decal(
        4, Rectangle(center: [plan.length / 2, middle], half: [plan.length / 2, 0.07]),
        add(paint), frame: 0, 0)
    }
    if dice.chance(0.6) {
      (paint.turn, paint.scale) = ((0, 1), 1.1)
      let x = dice.real(in: 4...plan.length - 4)
      decal(
        4, Rectangle(center: [x, middle], half: [1.4, plan.road / 2]), add(paint), frame: 0, 0)
    }
  }

  /// Houses wall to wall along a pavement.
  private mutating func buildRow(_ plan: StreetPlan, _ side: Int) {
    var x = -dice.real(in: 0...3)
    while x < plan.length && spareObjects > 60 {
      let width = dice.real(in: 4...9)
      let edge = plan.depth - dice.real(in: 0...0.4)
      let part =
        side == 0
        ? Rectangle(low: [x, -2], high: [x + width, edge])
        : Rectangle(low: [x, plan.width - edge], high: [x + width, plan.width + 2])
      build(House(on: part, storeys: 1...5, &dice))
      let front =
        side == 0
        ? Spot(center: [x + width / 2, edge], angle: 0)
        : Spot(center: [x + width / 2, plan.width - edge], angle: .pi)
      dress(front, width: width)
      x += width
    }
    guard x < plan.length else { return }
    let rest =
      side == 0
      ? Rectangle(low: [x, -2], high: [plan.length + 3, plan.depth])
      : Rectangle(low: [x, plan.width - plan.depth], high: [plan.length + 3, plan.width + 2])
    build(House(on: rest, storeys: 2...4, &dice))
  }

  /// A house across each end, near or far away.
  private mutating func closeEnds(_ plan: StreetPlan) {
    for way in [-1.0, 1.0] {
      let far = dice.chance(0.35) ? dice.real(in: 8...25) : 2
      let x = plan.length / 2 + way * (plan.length / 2 + far + 2)
      let half = SIMD2(2, plan.width * dice.real(in: 0.5...1))
      build(House(on: Rectangle(center: [x, plan.width / 2], half: half), storeys: 2...6, &dice))
    }
  }

  /// A car at the kerb.
  private mutating func park(_ plan: StreetPlan) {
    let car = Piece.car(&dice)
    let side = dice.chance(0.5)
    let y = plan.depth + plan.walk + car.half.y + 0.2
    let center = SIMD2(dice.real(in: 2.5...plan.length - 2.5), side ? y : plan.width - y)
    guard spareObjects > 24, take(Rectangle(center: center, half: car.half + 0.3)) else { return }
    car.build(&self, Spot(center: center, angle: dice.chance(0.5) ? 0 : .pi))
  }
}

/// A street's measures, in metres: it runs along x.
private struct StreetPlan {
  let length: Double
  /// Of the carriageway, and of each pavement.
  let road: Double
  let walk: Double
  /// How deep the houses on each side reach into the place.
  let depth = 2.0

  init(_ dice: inout Dice) {
    length = dice.real(in: 20...30)
    road = dice.real(in: 4.5...7)
    walk = dice.real(in: 1.8...3)
  }

  var width: Double { 2 * (depth + walk) + road }

  func pavement(_ side: Int) -> Rectangle {
    let low = side == 0 ? depth : width - depth - walk
    return Rectangle(low: [0.4, low + 0.1], high: [length - 0.4, low + walk - 0.1])
  }
}

extension Rectangle {
  fileprivate func widened(_ d: Double) -> Rectangle { inset(-d) }
}
