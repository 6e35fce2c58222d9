import CTracer
import Scene

extension Piece {
  /// A tree with a round crown, or a conifer.
  static func tree(_ dice: inout Dice) -> Piece {
    let height = dice.real(in: 2.6...6)
    let (pointed, radius) = (dice.chance(0.25), dice.real(in: 0.07...0.2))
    let foot = pointed ? 0.6 : radius + 0.25
    return Piece(half: [foot, foot]) { stage, spot in
      let (bark, leaf) = (stage.material(.bark), stage.foliage())
      if pointed {
        stage.stick(spot, from: [0, 0, 0], to: [0, 0, height * 0.4], radius: radius, bark)
        for k in 0..<3 {
          let (z, r) = (height * (0.38 + 0.24 * Double(k)), height * (0.2 - 0.05 * Double(k)))
          stage.cone(
            spot, at: [0, 0, z], radius: r / 2, height: height * 0.34, leaf, taper: -0.95)
        }
        return
      }
      let lean = SIMD3(stage.dice.real(in: -0.3...0.3), stage.dice.real(in: -0.3...0.3), 0)
      let top = lean + [0, 0, height * 0.62]
      stage.stick(spot, from: [0, 0, 0], to: top, radius: radius, bark)
      stage.crown(spot, at: top, size: height * 0.28, leaf, bark)
    }
  }

  static func bush(_ dice: inout Dice) -> Piece {
    let (size, count) = (dice.real(in: 0.25...0.6), dice.whole(in: 1...3))
    let flowers = dice.chance(0.3)
    return Piece(half: [size, size]) { stage, spot in
      let leaf = flowers ? stage.flowering() : stage.foliage()
      for _ in 0..<count {
        let (x, y) = (
          stage.dice.real(in: -0.4...0.4) * size, stage.dice.real(in: -0.4...0.4) * size
        )
        let h = size * stage.dice.real(in: 0.5...1)
        stage.ellipsoid(spot, at: [x, y, h * 0.8], half: [size * 0.75, size * 0.7, h], leaf)
      }
    }
  }

  static func hedge(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.6...2), dice.real(in: 0.2...0.4))
    let height = dice.real(in: 0.4...1.5)
    return Piece(half: half) { stage, spot in
      stage.box(
        spot, at: [0, 0, height / 2], half: [half.x, half.y, height / 2], stage.foliage())
    }
  }

  static func flowerPot(_ dice: inout Dice) -> Piece {
    let size = dice.real(in: 0.2...0.4)
    return Piece(half: [size, size]) { stage, spot in
      stage.cone(
        spot, at: [0, 0, size], radius: size * 0.8, height: size * 2, stage.material(.furniture),
        taper: 0.2)
      stage.ellipsoid(
        spot, at: [0, 0, size * 2.4], half: [size, size, size * 0.8],
        stage.dice.chance(0.5) ? stage.flowering() : stage.foliage())
    }
  }

  static func stones(_ dice: inout Dice) -> Piece {
    let (size, count) = (dice.real(in: 0.15...0.5), dice.whole(in: 1...3))
    return Piece(half: [size, size]) { stage, spot in
      let skin = stage.material(.paving)
      for _ in 0..<count {
        let r = size * stage.dice.real(in: 0.4...0.9)
        let turned = Spot(center: spot.center, angle: stage.dice.real(in: 0...3))
        stage.ellipsoid(
          turned, at: [stage.dice.real(in: -0.5...0.5) * size, 0, r * 0.4],
          half: [r, r * 0.7, r * 0.6], skin)
      }
    }
  }
}

extension Stage {
  mutating func foliage() -> Int32 {
    add(.random(dice.pick([TRACER_LEAVES, TRACER_LEAVES, TRACER_BLOBS]), .foliage, palette, &dice))
  }

  /// Leaves with dots of a bright colour.
  mutating func flowering() -> Int32 {
    var m = tracer_material.random(TRACER_SPOTS, .foliage, palette, &dice)
    let bloom = Linear(
      hue: dice.pick([0.0, 0.05, 0.13, 0.8, 0.9]), saturation: dice.real(in: 0.3...0.8), value: 0.9)
    let leaf = palette.soberColor(.foliage, &dice)
    m.ground = (leaf.times(0.5).tuple, leaf.tuple)
    m.figure = (bloom.times(0.6).tuple, bloom.tuple)
    m.line = 0.8
    return add(m)
  }

  /// A few balls of leaves around the end of a trunk.
  mutating func crown(
    _ spot: Spot, at top: SIMD3<Double>, size: Double, _ leaf: Int32, _ bark: Int32
  ) {
    ellipsoid(spot, at: top + [0, 0, size * 0.4], half: [size, size * 0.9, size * 0.8], leaf)
    for k in 0..<dice.whole(in: 2...4) {
      let angle = Double(k) * 2.1 + dice.unit()
      let r = size * dice.real(in: 0.5...0.75)
      let p =
        top + [cos(angle) * size * 0.8, sin(angle) * size * 0.8, size * dice.real(in: -0.2...0.7)]
      ellipsoid(spot, at: p, half: [r, r, r * 0.8], leaf)
      if k == 0 { stick(spot, from: top * [1, 1, 0.6], to: p, radius: 0.04, bark) }
    }
  }

  /// Crowns of trees behind what encloses a place.
  mutating func plantWoods(_ count: Int) {
    let (leaf, other) = (foliage(), foliage())
    for k in 0..<count {
      let angle = (Double(k) + dice.unit()) * 2 * Double.pi / Double(count)
      let distance = max(size.x, size.y) * 0.72 + dice.real(in: 0...8)
      let p = floor.center + SIMD2(cos(angle), sin(angle)) * distance
      let r = dice.real(in: 1.5...4)
      ellipsoid(
        Spot(center: p, angle: 0), at: [0, 0, r * 0.9], half: [r, r, r * 1.2],
        k % 2 == 0 ? leaf : other)
    }
  }
}
