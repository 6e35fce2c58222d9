import CTracer
import Scene

/// A house's measures.
struct House {
  /// The part of the floor that it stands on.
  let part: Rectangle
  let storeys: Int
  /// The height of one, in metres.
  let storey: Double
  /// The width that a window has with the wall around it, about.
  let bay: Double

  var height: Double { Double(storeys) * storey }

  init(on part: Rectangle, storeys: ClosedRange<Int>, _ dice: inout Dice) {
    self.part = part
    self.storeys = dice.whole(in: storeys)
    storey = dice.real(in: 2.6...3.4)
    bay = dice.real(in: 1.4...3.2)
  }
}

extension Stage {
  /// A house with rows of windows, whole storeys and bays, and a cornice.
  mutating func build(_ house: House) {
    let part = house.part
    var skin = tracer_material.random(TRACER_FACADE, .facade, palette, &dice)
    skin.scale = Float(1 / house.storey)
    (skin.turn, skin.warp, skin.line) = ((1, 0), 0, Float(dice.real(in: 0.3...0.6)))
    skin.glow = style == .night ? Float(dice.real(in: 1...3)) : style == .dusk ? 0.8 : 0
    // Cells count from the box's middle, so it lies whole storeys over and under that.
    let up = (house.storeys + 1) / 2
    let roof = material(.paving)
    var o = Spot(center: part.center, angle: 0).object(
      TRACER_BOX, at: [0, 0, house.storey * Double(house.storeys - up)],
      half: [part.half.x, part.half.y, house.storey * Double(up)], roof)
    o.materials = (
      add(skin.withBays(of: house, along: part.half.y)),
      add(skin.withBays(of: house, along: part.half.x)), roof
    )
    add(o)
    if dice.chance(0.6) {
      upright(
        Rectangle(low: part.low - 0.15, high: part.high + 0.15), from: house.height - 0.2,
        to: house.height + 0.15, material(.facade))
    }
    if dice.chance(0.5) {
      upright(
        Rectangle(low: part.low - 0.05, high: part.high + 0.05), from: 0,
        to: dice.real(in: 0.3...0.8), material(.facade))
    }
  }

  /// What makes a house's ground floor: a door, a shop's window, a sign, an awning. `front` is a
  /// spot on its wall that faces the walkers.
  mutating func dress(_ front: Spot, width: Double) {
    let half = dice.real(in: 0.45...0.6)
    box(
      front, at: [-width / 4, 0, 1.05], half: [half, 0.06, 1.05], material(.furniture),
      front: material(.furniture))
    guard width > 3, dice.chance(0.6) else { return }
    let shop = min(1.6, width / 4)
    var pane = tracer_material.random(TRACER_POSTERS, .trinket, palette, &dice)
    (pane.scale, pane.reflectivity) = (Float(dice.real(in: 0.8...2)), 0.15)
    pane.glow = style == .night ? 1.2 : style == .dusk ? 0.6 : 0
    box(
      front, at: [width / 5, 0, 1.35], half: [shop, 0.05, 0.85], material(.metal), front: add(pane))
    if dice.chance(0.5) {
      box(
        front, at: [width / 5, 0.4, 2.45], half: [shop + 0.1, 0.42, 0.03], material(.trinket))
    }
    if dice.chance(0.6) || style == .night { sign(front, at: [width / 5, 0.1, 2.8], half: shop) }
  }

  private mutating func sign(_ front: Spot, at p: SIMD3<Double>, half: Double) {
    var board = tracer_material.random(
      TRACER_GLYPHS, .trinket, palette.bolder(saturation: 0.7, sobriety: 0), &dice)
    (board.scale, board.aspect, board.turn) = (4, 0.7, (1, 0))
    if style == .night {
      board.recolor { $0.saturated(1.6) }
      board.glow = Float(dice.real(in: 1.5...3))
    }
    let skin = add(board)
    box(front, at: p, half: [half * 0.8, 0.06, 0.22], skin)
    if style == .night && dice.chance(0.7) {
      let tube = add(.glowing(neon(), strength: dice.real(in: 2...4)))
      stick(
        front, from: p + [-half, 0.08, 0.3], to: p + [half, 0.08, 0.3], radius: 0.03, tube)
    }
  }

  /// Houses behind everything, so that the horizon is not bare.
  mutating func buildSkyline(_ count: Int) {
    for k in 0..<count where spareObjects > 0 {
      let angle = (Double(k) + dice.unit()) * 2 * Double.pi / Double(count)
      let distance = max(size.x, size.y) / 2 + dice.real(in: 10...30)
      let center = floor.center + SIMD2(cos(angle), sin(angle)) * distance
      let half = SIMD2(dice.real(in: 3...7), dice.real(in: 3...7))
      build(House(on: Rectangle(center: center, half: half), storeys: 2...7, &dice))
    }
  }
}

extension tracer_material {
  /// The windows as wide as it takes for a whole number of them on both sides of the middle.
  fileprivate func withBays(of house: House, along half: Double) -> tracer_material {
    var m = self
    let count = max(1, (half / house.bay).rounded())
    m.aspect = Float(half / count / house.storey)
    return m
  }
}
