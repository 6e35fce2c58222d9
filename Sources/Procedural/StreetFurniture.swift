import CTracer
import Scene

extension Piece {
  static func car(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 1.7...2.2), dice.real(in: 0.75...0.9))
    let (van, belt) = (dice.chance(0.25), dice.real(in: 0.75...0.9))
    return Piece(half: half) { stage, spot in
      var paint = tracer_material.random(TRACER_PLAIN, .metal, stage.palette, &stage.dice)
      (paint.shine, paint.reflectivity, paint.grain) = (0.7, 0.08, 0.1)
      let body = stage.add(paint)
      var dark = tracer_material.plain(Linear(r: 0.03, g: 0.035, b: 0.04))
      (dark.reflectivity, dark.shine) = (0.25, 0.6)
      let (glass, tyre) = (stage.add(dark), stage.add(.plain(Linear(r: 0.03, g: 0.03, b: 0.03))))
      stage.box(spot, at: [0, 0, belt / 2 + 0.12], half: [half.x, half.y, belt / 2 - 0.1], body)
      let roof = van ? 1.7 : 1.35
      let (x, length) = van ? (-0.2, half.x * 0.85) : (-0.15, half.x * 0.52)
      stage.box(
        spot, at: [x, 0, (belt + roof) / 2], half: [length, half.y * 0.9, (roof - belt) / 2], glass)
      stage.box(spot, at: [x, 0, roof], half: [length * 0.95, half.y * 0.86, 0.04], body)
      for (sx, sy) in [(-1.0, -1.0), (-1, 1), (1, -1), (1, 1)] {
        stage.ellipsoid(
          spot, at: [sx * half.x * 0.62, sy * (half.y - 0.06), 0.31], half: [0.31, 0.1, 0.31], tyre)
      }
      if stage.isDark { stage.headlights(spot, half, belt) }
    }
  }

  static func streetLamp(_ dice: inout Dice) -> Piece {
    let height = dice.real(in: 3...4.2)
    return Piece(half: [0.2, 0.2]) { stage, spot in
      let metal = stage.material(.metal)
      let lit = stage.isDark
      let lamp = stage.add(.glowing(Linear(r: 0.9, g: 0.8, b: 0.6), strength: lit ? 4 : 0.3))
      stage.stick(spot, from: [0, 0, 0], to: [0, 0, height], radius: 0.05, metal)
      stage.stick(spot, from: [0, 0, height], to: [0, 0.7, height + 0.1], radius: 0.03, metal)
      stage.box(spot, at: [0, 0.75, height + 0.08], half: [0.12, 0.22, 0.04], metal)
      stage.ellipsoid(spot, at: [0, 0.75, height + 0.02], half: [0.1, 0.18, 0.05], lamp)
      if lit && stage.room.light_color.0 == 0 {
        let p = spot.point([0, 0.75, height - 0.06])
        stage.shine(from: p, strength: stage.style == .night ? 12...25 : 3...6)
      }
    }
  }

  static func signpost(_ dice: inout Dice) -> Piece {
    let (height, half) = (dice.real(in: 1.6...2.6), dice.real(in: 0.2...0.35))
    return Piece(half: [0.25, 0.25]) { stage, spot in
      stage.stick(
        spot, from: [0, 0, 0], to: [0, 0, height], radius: 0.03, stage.material(.metal))
      let board = stage.material(
        stage.dice.pick([TRACER_GLYPHS, TRACER_POSTERS, TRACER_RINGS]), .trinket)
      stage.box(spot, at: [0, 0.04, height - half], half: [half, 0.015, half], board)
    }
  }

  static func bollards(_ dice: inout Dice) -> Piece {
    let (count, gap) = (dice.whole(in: 2...4), dice.real(in: 0.5...0.9))
    let half = Double(count) * gap / 2
    return Piece(half: [half, 0.12]) { stage, spot in
      let skin = stage.material(.metal)
      for k in 0..<count {
        stage.cone(
          spot, at: [(Double(k) + 0.5) * gap - half, 0, 0.4], radius: 0.08, height: 0.8, skin,
          taper: -0.15)
      }
    }
  }

  static func bin(_ dice: inout Dice) -> Piece {
    let (radius, height) = (dice.real(in: 0.18...0.3), dice.real(in: 0.6...1.0))
    return Piece(half: [radius, radius]) { stage, spot in
      stage.cone(
        spot, at: [0, 0, height / 2], radius: radius, height: height, stage.material(.metal),
        taper: 0.12)
    }
  }

  /// A table under a parasol, with stools.
  static func parasol(_ dice: inout Dice) -> Piece {
    let (width, height) = (dice.real(in: 0.9...1.4), dice.real(in: 2.1...2.5))
    return Piece(half: [0.7, 0.7]) { stage, spot in
      let (wood, cloth) = (stage.material(.furniture), stage.material(TRACER_STRIPES, .trinket))
      stage.stick(spot, from: [0, 0, 0], to: [0, 0, height + 0.2], radius: 0.025, wood)
      stage.cone(
        spot, at: [0, 0, height], radius: width / 2, height: 0.4, cloth, taper: -0.95)
      stage.cone(spot, at: [0, 0, 0.72], radius: 0.42, height: 0.04, wood)
      for a in [0.6, 2.7, 4.8] {
        stage.cone(
          spot, at: [cos(a) * 0.6, sin(a) * 0.6, 0.22], radius: 0.16, height: 0.44, wood)
      }
    }
  }

  /// A basin with water and a column in it.
  static func fountain(_ dice: inout Dice) -> Piece {
    let radius = dice.real(in: 0.7...1.2)
    return Piece(half: [radius, radius]) { stage, spot in
      let (stone, water) = (stage.material(.paving), stage.add(.water(&stage.dice)))
      stage.cone(spot, at: [0, 0, 0.22], radius: radius, height: 0.44, stone)
      stage.cone(spot, at: [0, 0, 0.225], radius: radius * 0.86, height: 0.46, water)
      stage.cone(spot, at: [0, 0, 0.7], radius: 0.12, height: 1.0, stone)
      stage.cone(spot, at: [0, 0, 1.2], radius: radius * 0.4, height: 0.16, stone, taper: 0.5)
      stage.exhibit(spot, at: [0, 0, 1.28], size: 0.25)
    }
  }
}

extension Stage {
  /// Whether lamps are on out of doors.
  fileprivate var isDark: Bool { style == .night || style == .dusk }

  fileprivate mutating func headlights(_ spot: Spot, _ half: SIMD2<Double>, _ belt: Double) {
    let white = add(.glowing(Linear(r: 0.9, g: 0.88, b: 0.8), strength: 3))
    let red = add(.glowing(Linear(r: 0.7, g: 0.03, b: 0.02), strength: 2))
    for y in [-0.6, 0.6] {
      let z = belt * 0.65 + 0.1
      ellipsoid(spot, at: [half.x, y * half.y, z], half: [0.04, 0.13, 0.07], white)
      ellipsoid(spot, at: [-half.x, y * half.y, z], half: [0.04, 0.12, 0.06], red)
    }
  }
}

extension tracer_material {
  /// Still water with ripples.
  static func water(_ dice: inout Dice) -> tracer_material {
    let deep = Linear(
      hue: dice.real(in: 0.42...0.6), saturation: 0.5, value: dice.real(in: 0.2...0.4))
    var m = plain(deep)
    m.pattern = Int32(TRACER_WAVES.rawValue)
    m.seed = UInt32(truncatingIfNeeded: dice.next())
    (m.scale, m.line, m.warp) = (Float(dice.real(in: 1...3)), 0.5, 0.5)
    m.figure = (deep.times(0.8).tuple, deep.times(1.3).tuple)
    (m.grain, m.grain_scale) = (0.3, 2)
    (m.reflectivity, m.shine) = (Float(dice.real(in: 0.3...0.55)), 0.6)
    return m
  }
}
