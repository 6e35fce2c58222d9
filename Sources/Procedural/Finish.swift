import CTracer
import Scene

extension tracer_material {
  /// A single colour.
  static func plain(_ c: Linear) -> tracer_material {
    var m = tracer_material()
    (m.scale, m.aspect, m.turn, m.grain_scale) = (1, 1, (1, 0), 1)
    (m.ground, m.figure) = ((c.tuple, c.tuple), (c.tuple, c.tuple))
    return m
  }

  static func mirror(_ c: Linear = .silver) -> tracer_material {
    var m = plain(c.times(0.1))
    m.reflectivity = 0.88
    return m
  }

  /// Clear or tinted glass, that also reflects a little.
  static func glass(_ dice: inout Dice) -> tracer_material {
    let tint = Linear(hue: dice.unit(), saturation: dice.real(in: 0...0.35), value: 0.97)
    var m = plain(dice.chance(0.6) ? Linear(r: 0.92, g: 0.95, b: 0.93) : tint)
    m.transparency = Float(dice.real(in: 0.8...0.95))
    m.reflectivity = Float(dice.real(in: 0.05...0.12))
    m.shine = 0.5
    return m
  }

  /// Its own light in a colour, as a lamp or a sign has it.
  static func glowing(_ c: Linear, strength: Double) -> tracer_material {
    var m = plain(c)
    m.glow = Float(strength)
    return m
  }

  /// A random surface of the place.
  static func random(_ kind: Surfacing, _ palette: Palette, _ dice: inout Dice)
    -> tracer_material
  {
    let sober = dice.chance(palette.sobriety(of: kind))
    let pattern = dice.pick(sober ? kind.soberPatterns : kind.boldPatterns)
    return random(pattern, kind, palette, sober: sober, &dice)
  }

  /// A random surface with a given pattern.
  static func random(
    _ pattern: tracer_pattern, _ kind: Surfacing, _ palette: Palette, _ dice: inout Dice
  ) -> tracer_material {
    random(pattern, kind, palette, sober: dice.chance(palette.sobriety(of: kind)), &dice)
  }

  private static func random(
    _ pattern: tracer_pattern, _ kind: Surfacing, _ palette: Palette, sober: Bool,
    _ dice: inout Dice
  ) -> tracer_material {
    var m = plain(.white)
    m.pattern = Int32(pattern.rawValue)
    m.seed = UInt32(truncatingIfNeeded: dice.next())
    m.scale = Float(dice.logarithmic(in: kind.scale))
    m.aspect = Float(dice.chance(0.4) ? dice.real(in: 0.5...2.5) : 1)
    if pattern == TRACER_BRICKS {
      m.aspect = Float(dice.real(in: 1.5...3.5))
      if sober { m.scale = max(m.scale, Float(dice.real(in: 2.5...8))) }
    }
    m.turn = turn(pattern, &dice)
    m.line = Float(line(pattern, &dice))
    m.warp = Float(dice.chance(sober ? 0.1 : 0.3) ? dice.real(in: 0.1...0.8) : 0)
    m.vary = Float(dice.chance(0.7) ? dice.real(in: 0.1...1) : 0)
    m.grain = Float(dice.pick(kind.grainStrength) * dice.real(in: sober ? 0.3...1 : 0.6...1.2))
    m.grain_scale = Float(dice.logarithmic(in: kind.grain))
    if dice.chance(0.25) { m.shine = Float(dice.real(in: 0.1...0.7)) }
    if sober {
      m.color(soberly: kind, palette, &dice)
    } else {
      m.color(boldly: kind, palette, &dice)
    }
    return m
  }

  /// Two colours of one stuff, unlike enough to be told apart.
  private mutating func color(
    soberly kind: Surfacing, _ palette: Palette, _ dice: inout Dice
  ) {
    let base = palette.soberColor(kind, &dice)
    let other =
      dice.chance(0.6)
      ? base.times(dice.pick([0.35, 0.5, 0.65, 1.35, 1.7])) : palette.soberColor(kind, &dice)
    let depth = dice.real(in: 0.35...0.75)
    ground = (base.times(depth).tuple, base.times(1.12).tuple)
    figure = (other.times(depth).tuple, other.times(1.12).tuple)
  }

  private mutating func color(boldly kind: Surfacing, _ palette: Palette, _ dice: inout Dice) {
    let base = palette.color(&dice, lightness: kind == .ceiling ? 0.85 : nil)
    let other = palette.color(&dice, lightness: base.g > 0.25 ? 0.35 : 0.85)
    ground = Self.ramp(base, palette, &dice)
    figure = Self.ramp(other, palette, &dice)
  }

  /// Two colours for light and shade of one material: akin, or now and then unlike.
  private static func ramp(_ c: Linear, _ palette: Palette, _ dice: inout Dice) -> (
    (Float, Float, Float), (Float, Float, Float)
  ) {
    let dark = c.times(dice.real(in: 0.25...0.7))
    return (dark.tuple, (dice.chance(0.35) ? palette.color(&dice) : c.times(1.15)).tuple)
  }

  /// A figure of one colour on a ground of another.
  mutating func color(_ figure: Linear, on ground: Linear) {
    self.ground = (ground.times(0.7).tuple, ground.times(1.2).tuple)
    self.figure = (figure.times(0.7).tuple, figure.times(1.1).tuple)
  }

  private static func turn(_ pattern: tracer_pattern, _ dice: inout Dice) -> (Float, Float) {
    let upright = [
      TRACER_BRICKS, TRACER_BOOKS, TRACER_GLYPHS, TRACER_LANDSCAPE, TRACER_PHOTO, TRACER_POSTERS,
      TRACER_SHINGLES,
    ].contains(pattern)
    let quarter = dice.chance(0.5) ? 0 : Double.pi / 2
    let angle = upright ? 0 : dice.chance(0.7) ? quarter : dice.real(in: 0...Double.pi)
    return (Float(cos(angle)), Float(sin(angle)))
  }

  private static func line(_ pattern: tracer_pattern, _ dice: inout Dice) -> Double {
    switch pattern {
    case TRACER_BRICKS, TRACER_TILES, TRACER_PLANKS, TRACER_PANES: dice.real(in: 0.04...0.14)
    case TRACER_VORONOI, TRACER_HERRINGBONE, TRACER_HEXAGONS, TRACER_COBBLES, TRACER_CRACKS:
      dice.real(in: 0.05...0.25)
    default: dice.real(in: 0.25...0.75)
    }
  }
}
