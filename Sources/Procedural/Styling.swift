import CTracer
import Scene

/// What a style does to a place that is built and lit.
extension Stage {
  mutating func finish() {
    if dice.chance(0.5) { shiftWhite() }
    switch style {
    case .plain: break
    case .daylight: brighten()
    case .dusk: darken()
    case .night: lightSigns()
    case .toon: simplify()
    case .fog: fillWithFog()
    case .sketch: draw()
    }
  }

  /// A white balance that is a little off: all light has a tint.
  private mutating func shiftWhite() {
    var tint = Linear(kelvin: dice.real(in: 5...8.2))
    tint.g *= dice.real(in: 0.94...1.06)
    room.light_color = times(room.light_color, tint)
    room.sun_color = times(room.sun_color, tint)
    (room.ambient_up, room.ambient_down) = (
      times(room.ambient_up, tint), times(room.ambient_down, tint)
    )
    (room.sky_zenith, room.sky_horizon) = (
      times(room.sky_zenith, tint), times(room.sky_horizon, tint)
    )
  }

  private var isOpen: Bool { room.open != 0 }

  /// Sunlight in place of lamplight.
  private mutating func brighten() {
    if !isOpen {
      room.light_color = times(room.light_color, dice.real(in: 0...0.4))
      let sky = Linear(kelvin: dice.real(in: 6.5...9))
      (room.ambient_up, room.ambient_down) = (
        times(room.ambient_up, sky), times(room.ambient_down, sky)
      )
    }
    dazzle()
  }

  /// Long orange light from the side, blue from above.
  private mutating func darken() {
    let shade = Linear(hue: dice.real(in: 0.6...0.75), saturation: 0.4, value: 0.85)
    (room.ambient_up, room.ambient_down) = (
      times(room.ambient_up, shade), times(room.ambient_down, shade)
    )
    room.sun_color = times(room.sun_color, Linear(r: 1.2, g: 0.62, b: 0.3))
    if !isOpen {
      room.light_color = times(room.light_color, Linear(r: 0.7, g: 0.5, b: 0.3))
    }
    lightness = lightness.map { $0 * 0.9 }
    dazzle()
  }

  /// What a lens makes of the sun.
  private mutating func dazzle() {
    room.glare = Float(dice.real(in: 0.15...0.8))
    if dice.chance(0.6) { room.flare = Float(dice.real(in: 0.1...0.5)) }
  }

  // MARK: Night

  private mutating func lightSigns() {
    let dark = Linear(hue: dice.real(in: 0.55...0.8), saturation: 0.5, value: 0.6)
    (room.ambient_up, room.ambient_down) = (
      times(room.ambient_up, dark.times(0.8)), times(room.ambient_down, dark.times(0.8))
    )
    room.sun_color = (0, 0, 0)
    let lamp = dice.chance(0.5) ? neon() : Linear(kelvin: 3)
    let strength = Double(max(room.light_color.0, room.light_color.1, room.light_color.2))
    room.light_color = lamp.times(strength * dice.real(in: 0.5...1)).tuple
    room.glare = Float(dice.real(in: 0.1...0.4))
    lightness = dice.real(in: 0.16...0.27)
  }

  /// A strong colour of light.
  mutating func neon() -> Linear {
    Linear(hue: dice.unit(), saturation: dice.real(in: 0.6...0.95), value: 1)
  }

  /// Glowing tubes along the walls of a room, as many as there is room for.
  mutating func hangTubes(_ count: Int) {
    for _ in 0..<count where spareObjects > 0 {
      let tube = add(.glowing(neon(), strength: dice.real(in: 1.5...4)))
      let wall = dice.whole(in: 0...3)
      let extent = extent(of: wall)
      let (a, z) = (dice.real(in: 0...extent.x), dice.real(in: 1...extent.y - 0.1))
      let upright = dice.chance(0.3)
      let b = upright ? a : min(extent.x, max(0, a + dice.real(in: -2...2)))
      let top = upright ? min(extent.y, z + 0.8) : z
      add(.rod(at(wall, a, z), at(wall, b, top), radius: dice.real(in: 0.012...0.03), tube))
    }
  }

  /// A point just before a wall.
  private func at(_ wall: Int, _ along: Double, _ z: Double) -> SIMD3<Double> {
    let gap = 0.04
    return switch wall {
    case 0: [gap, along, z]
    case 1: [size.x - gap, along, z]
    case 2: [along, gap, z]
    default: [along, size.y - gap, z]
    }
  }

  // MARK: Manners

  /// Few shades of pure colours, and outlines.
  private mutating func simplify() {
    room.bands = Int32(dice.whole(in: 3...5))
    room.edge = Float(dice.real(in: 0.006...0.015) * (isOpen ? 2 : 1))
    for i in materials.indices {
      materials[i].grain *= 0.15
      materials[i].vary *= 0.5
      materials[i].recolor { $0.saturated(1.5) }
    }
    lightness = lightness.map { min(0.58, $0 + 0.04) }
  }

  private mutating func fillWithFog() {
    let gray = Linear(
      hue: dice.pick([0.08, 0.58, 0.62]), saturation: dice.real(in: 0...0.2),
      value: dice.real(in: 0.6...0.85))
    room.fog = gray.tuple
    let reach = max(size.x, size.y)
    room.fog_density = Float(dice.real(in: 0.3...0.9) / reach)
    room.sun_color = times(room.sun_color, 0.4)
    lightness = lightness.map { min(0.6, $0 + 0.05) }
  }

  private mutating func draw() {
    room.hatch = Float(dice.real(in: 0.6...1))
    room.edge = Float(dice.real(in: 0.005...0.012) * (isOpen ? 2 : 1))
    lightness = dice.real(in: 0.55...0.68)
  }
}

private func times(_ c: (Float, Float, Float), _ s: Double) -> (Float, Float, Float) {
  (c.0 * Float(s), c.1 * Float(s), c.2 * Float(s))
}

private func times(_ c: (Float, Float, Float), _ b: Linear) -> (Float, Float, Float) {
  (c.0 * Float(b.r), c.1 * Float(b.g), c.2 * Float(b.b))
}

extension Linear {
  /// Further from gray by a factor.
  func saturated(_ factor: Double) -> Linear {
    let gray = 0.3 * r + 0.5 * g + 0.2 * b
    func away(_ c: Double) -> Double { min(1, max(0.01, gray + factor * (c - gray))) }
    return Linear(r: away(r), g: away(g), b: away(b))
  }
}

extension tracer_material {
  /// Changes all its colours.
  mutating func recolor(_ change: (Linear) -> Linear) {
    func changed(_ c: (Float, Float, Float)) -> (Float, Float, Float) {
      change(Linear(r: Double(c.0), g: Double(c.1), b: Double(c.2))).tuple
    }
    (ground.0, ground.1) = (changed(ground.0), changed(ground.1))
    (figure.0, figure.1) = (changed(figure.0), changed(figure.1))
  }
}
