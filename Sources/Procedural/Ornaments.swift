import CTracer
import Scene

extension Piece {
  static func floorLamp(_ dice: inout Dice) -> Piece {
    let (height, shade) = (dice.real(in: 1.2...1.8), dice.real(in: 0.14...0.24))
    let glow = dice.chance(0.6) ? dice.real(in: 0.4...1.6) : 0
    return Piece(half: [0.2, 0.2]) { stage, spot in
      let metal = stage.material(.trinket)
      var cloth = tracer_material.random(.trinket, stage.palette, &stage.dice)
      cloth.glow = Float(glow)
      let shadeMaterial = stage.add(cloth)
      stage.cone(spot, at: [0, 0, 0.02], radius: 0.16, height: 0.04, metal)
      stage.stick(spot, from: [0, 0, 0], to: [0, 0, height], radius: 0.018, metal)
      stage.cone(
        spot, at: [0, 0, height], radius: shade, height: shade * 1.6, shadeMaterial, taper: -0.3)
    }
  }

  static func plant(_ dice: inout Dice) -> Piece {
    let (pot, height) = (dice.real(in: 0.12...0.22), dice.real(in: 0.5...1.4))
    let (stems, leafy) = (dice.whole(in: 3...6), dice.chance(0.6))
    return Piece(half: [0.3, 0.3]) { stage, spot in
      let clay = stage.material(.furniture)
      let green = stage.add(.plain(Linear(hue: 0.3, saturation: 0.6, value: 0.35)))
      let leaf = stage.material(TRACER_BLOBS, .trinket)
      stage.cone(spot, at: [0, 0, pot], radius: pot * 0.8, height: pot * 2, clay, taper: 0.2)
      for i in 0..<stems {
        let angle = Double(i) * 2.4 + stage.dice.unit()
        let lean = stage.dice.real(in: 0.05...0.25)
        let tip: SIMD3<Double> = [
          cos(angle) * lean, sin(angle) * lean, height * stage.dice.real(in: 0.6...1),
        ]
        stage.stick(spot, from: [0, 0, pot * 2], to: tip, radius: 0.012, green)
        if leafy { stage.ellipsoid(spot, at: tip, half: [0.12, 0.09, 0.1], leaf) }
      }
    }
  }

  static func crates(_ dice: inout Dice) -> Piece {
    let count = dice.whole(in: 1...3)
    let side = dice.real(in: 0.18...0.4)
    return Piece(half: [side * 1.2, side * 1.2]) { stage, spot in
      var (z, h) = (0.0, side)
      for _ in 0..<count {
        let turned = Spot(center: spot.center, angle: stage.dice.real(in: 0...Double.pi))
        let half = SIMD3(
          h * stage.dice.real(in: 0.6...0.9), h * stage.dice.real(in: 0.6...0.9),
          h * stage.dice.real(in: 0.4...1.1))
        stage.box(
          turned, at: [0, 0, z + half.z], half: half, stage.material(.furniture),
          front: stage.material(.furniture), top: stage.material(.furniture))
        z += half.z * 2
        h *= 0.75
      }
    }
  }

  static func balls(_ dice: inout Dice) -> Piece {
    let radius = dice.real(in: 0.15...0.4)
    let shiny = dice.chance(0.2)
    return Piece(half: [radius, radius]) { stage, spot in
      let skin = shiny ? stage.add(.mirror()) : stage.material(.furniture)
      stage.ellipsoid(spot, at: [0, 0, radius], half: [radius, radius, radius], skin)
    }
  }

  static func pedestal(_ dice: inout Dice) -> Piece {
    let (height, width) = (dice.real(in: 0.5...1.0), dice.real(in: 0.15...0.25))
    let kind = dice.whole(in: 0...2)
    return Piece(half: [width + 0.05, width + 0.05]) { stage, spot in
      let (stone, art) = (stage.material(.furniture), stage.material(.trinket))
      stage.box(spot, at: [0, 0, height / 2], half: [width, width, height / 2], stone)
      switch kind {
      case 0: stage.vase(spot, at: [0, 0, height], size: width, art)
      case 1:
        stage.ellipsoid(
          spot, at: [0, 0, height + width * 1.2], half: [width * 0.8, width * 0.6, width * 1.2],
          art)
      default:
        stage.cone(
          spot, at: [0, 0, height + width], radius: width * 0.5, height: width * 2, art,
          taper: -0.95)
      }
    }
  }

  /// Rods leaning on each other: thin things to see past.
  static func bundle(_ dice: inout Dice) -> Piece {
    let (count, height) = (dice.whole(in: 4...8), dice.real(in: 0.8...1.8))
    return Piece(half: [0.35, 0.35]) { stage, spot in
      let skins = [stage.material(.trinket), stage.material(.trinket)]
      for i in 0..<count {
        let a = stage.dice.real(in: 0...2 * Double.pi), b = a + stage.dice.real(in: 1.5...4)
        stage.stick(
          spot, from: [0.32 * cos(a), 0.32 * sin(a), 0.02],
          to: [0.25 * cos(b), 0.25 * sin(b), height], radius: stage.dice.real(in: 0.012...0.035),
          skins[i % 2])
      }
    }
  }
}

extension Stage {
  /// Four legs at the corners of a rectangle.
  mutating func legs(_ spot: Spot, _ half: SIMD2<Double>, height: Double, _ material: Int32) {
    let round = dice.chance(0.5), r = dice.real(in: 0.018...0.04)
    for (x, y) in [(-1.0, -1.0), (-1, 1), (1, -1), (1, 1)] {
      let p = SIMD3(x * half.x, y * half.y, height / 2)
      if round {
        stick(spot, from: [p.x, p.y, 0], to: [p.x, p.y, height], radius: r, material)
      } else {
        box(spot, at: p, half: [r, r, height / 2], material)
      }
    }
  }

  /// A few small things on a surface at some height.
  mutating func clutter(_ spot: Spot, _ half: SIMD2<Double>, height z: Double) {
    for _ in 0..<dice.whole(in: 0...3) where spareObjects > 8 {
      let x = half.x * dice.real(in: -0.7...0.7), y = half.y * dice.real(in: -0.6...0.6)
      let (s, skin) = (dice.real(in: 0.05...0.14), material(.trinket))
      switch dice.whole(in: 0...3) {
      case 0: ellipsoid(spot, at: [x, y, z + s], half: [s, s, s], skin)
      case 1: vase(spot, at: [x, y, z], size: s, skin)
      case 2: cone(spot, at: [x, y, z + s], radius: s * 0.6, height: s * 2, skin)
      default:
        var turned = spot
        turned.angle += dice.real(in: -1...1)
        let p = spot.point([x, y, 0])
        turned.center = [p.x, p.y]
        box(turned, at: [0, 0, z + s * 0.6], half: [s, s * 0.7, s * 0.6], skin)
      }
    }
  }

  mutating func vase(_ spot: Spot, at p: SIMD3<Double>, size s: Double, _ material: Int32) {
    cone(spot, at: p + [0, 0, s], radius: s * 0.6, height: s * 2, material, taper: 0.4)
    ellipsoid(spot, at: p + [0, 0, s * 2.1], half: [s * 0.8, s * 0.8, s * 0.5], material)
  }

  /// A row of books, or two, that stands on a shelf.
  mutating func books(_ spot: Spot, _ half: SIMD2<Double>, floor z: Double, gap: Double) {
    guard dice.chance(0.85) else { return }
    let height = gap * dice.real(in: 0.6...0.9)
    let width = half.x * dice.real(in: 0.4...0.95)
    var skin = tracer_material.random(TRACER_BOOKS, .trinket, palette, &dice)
    (skin.scale, skin.aspect, skin.vary) = (Float(dice.real(in: 6...11)), 1, 1.4)
    let x = (half.x - width) * dice.real(in: -0.9...0.9)
    box(spot, at: [x, -0.02, z + height / 2], half: [width, half.y * 0.8, height / 2], add(skin))
  }
}
