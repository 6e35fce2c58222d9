import CTracer
import Scene

/// What a surface is made for: it sets which patterns suit it, and how large they are.
enum Surfacing {
  case wall, floor, ceiling, furniture, trinket

  /// Pattern cells a metre.
  var scale: ClosedRange<Double> {
    switch self {
    case .wall: 0.8...5
    case .floor: 1...5
    case .ceiling: 0.6...3
    case .furniture: 3...14
    case .trinket: 6...25
    }
  }

  /// The lowest frequency of the noise, cells a metre.
  var grain: ClosedRange<Double> {
    switch self {
    case .wall, .floor, .ceiling: 0.6...5
    case .furniture: 2...10
    case .trinket: 4...14
    }
  }
}

/// The colours of one room: a few hues that recur, so that rooms differ more than surfaces do.
struct Palette {
  private let hues: [Double]
  private let saturation: Double
  private let lightness: Double

  init(_ dice: inout Dice) {
    let base = dice.unit()
    let spread = dice.pick([0.15, 0.35, 0.6, 1.0, 1.0])
    hues = (0..<5).map { _ in base + spread * (dice.unit() - 0.5) }
    saturation = dice.real(in: 0.2...0.9)
    lightness = dice.real(in: 0.45...0.85)
  }

  /// A linear RGB colour around a lightness (0...1 as the eye sees it).
  func color(_ dice: inout Dice, lightness wanted: Double? = nil) -> Linear {
    let stray = dice.chance(0.4)
    let hue = stray ? dice.unit() : dice.pick(hues)
    let s = min(1, saturation * dice.real(in: 0.3...1.4))
    let v = (wanted ?? lightness) + dice.real(in: -0.4...0.3)
    return Linear(hue: hue, saturation: s, value: min(0.95, max(0.08, v)))
  }
}

/// A colour in linear light.
struct Linear {
  var r: Double
  var g: Double
  var b: Double

  static let white = Linear(r: 0.8, g: 0.8, b: 0.78)
  static let silver = Linear(r: 0.6, g: 0.62, b: 0.63)

  var tuple: (Float, Float, Float) { (Float(r), Float(g), Float(b)) }

  func times(_ s: Double) -> Linear { Linear(r: r * s, g: g * s, b: b * s) }
}

extension Linear {
  /// From hue (in turns), saturation and value as a display shows them.
  init(hue: Double, saturation s: Double, value v: Double) {
    func channel(_ shift: Double) -> Double {
      let k = (hue + shift - (hue + shift).rounded(.down)) * 6
      let c = v * (1 - s + s * min(1, max(0, abs(k - 3) - 1)))
      return c * c
    }
    self.init(r: channel(0), g: channel(2.0 / 3), b: channel(1.0 / 3))
  }

  /// What a black body of this many thousand kelvin does to white, roughly.
  init(kelvin thousands: Double) {
    let warm = (6.5 - thousands) / 4
    self.init(r: 1 + 0.3 * warm, g: 1, b: 1 - 0.45 * warm)
  }
}

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

  /// A random surface of the room.
  static func random(_ kind: Surfacing, _ palette: Palette, _ dice: inout Dice)
    -> tracer_material
  {
    random(dice.pick(patterns(for: kind)), kind, palette, &dice)
  }

  /// A random surface with a given pattern.
  static func random(
    _ pattern: tracer_pattern, _ kind: Surfacing, _ palette: Palette, _ dice: inout Dice
  ) -> tracer_material {
    let ground = palette.color(&dice, lightness: kind == .ceiling ? 0.85 : nil)
    let other = palette.color(&dice, lightness: ground.g > 0.25 ? 0.35 : 0.85)
    var m = plain(ground)
    m.pattern = Int32(pattern.rawValue)
    m.seed = UInt32(truncatingIfNeeded: dice.next())
    m.scale = Float(dice.logarithmic(in: kind.scale))
    m.aspect = Float(dice.chance(0.4) ? dice.real(in: 0.5...2.5) : 1)
    if pattern == TRACER_BRICKS { m.aspect = Float(dice.real(in: 1.5...3.5)) }
    m.turn = turn(pattern, &dice)
    m.line = Float(line(pattern, &dice))
    m.warp = Float(dice.chance(0.25) ? dice.real(in: 0.1...0.8) : 0)
    m.vary = Float(dice.chance(0.7) ? dice.real(in: 0.1...1) : 0)
    m.grain = Float(dice.pick([0.15, 0.4, 0.7, 1.1, 1.6]) * dice.real(in: 0.6...1.2))
    m.grain_scale = Float(dice.logarithmic(in: kind.grain))
    m.ground = ramp(ground, palette, &dice)
    m.figure = ramp(other, palette, &dice)
    if dice.chance(0.25) { m.shine = Float(dice.real(in: 0.1...0.7)) }
    return m
  }

  /// Two colours for light and shade of one material: akin, or now and then unlike.
  private static func ramp(_ c: Linear, _ palette: Palette, _ dice: inout Dice) -> (
    (Float, Float, Float), (Float, Float, Float)
  ) {
    let dark = c.times(dice.real(in: 0.25...0.7))
    return (dark.tuple, (dice.chance(0.35) ? palette.color(&dice) : c.times(1.15)).tuple)
  }

  private static func turn(_ pattern: tracer_pattern, _ dice: inout Dice) -> (Float, Float) {
    let upright = [TRACER_BRICKS, TRACER_BOOKS, TRACER_GLYPHS, TRACER_LANDSCAPE].contains(pattern)
    let quarter = dice.chance(0.5) ? 0 : Double.pi / 2
    let angle = upright ? 0 : dice.chance(0.7) ? quarter : dice.real(in: 0...Double.pi)
    return (Float(cos(angle)), Float(sin(angle)))
  }

  private static func line(_ pattern: tracer_pattern, _ dice: inout Dice) -> Double {
    switch pattern {
    case TRACER_BRICKS, TRACER_TILES, TRACER_PLANKS, TRACER_PANES: dice.real(in: 0.04...0.14)
    case TRACER_VORONOI: dice.real(in: 0.05...0.3)
    default: dice.real(in: 0.25...0.75)
    }
  }

  private static func patterns(for kind: Surfacing) -> [tracer_pattern] {
    let common = [
      TRACER_PLAIN, TRACER_STRIPES, TRACER_BLOBS, TRACER_MARBLE, TRACER_VORONOI, TRACER_TILES,
      TRACER_CHECKER, TRACER_ZIGZAG, TRACER_TRUCHET, TRACER_SPOTS, TRACER_BRICKS, TRACER_PLAID,
    ]
    switch kind {
    case .wall: return common + [TRACER_PLAIN, TRACER_BRICKS, TRACER_RINGS, TRACER_GLYPHS]
    case .floor: return common + [TRACER_PLANKS, TRACER_PLANKS, TRACER_TILES, TRACER_MARBLE]
    case .ceiling: return [TRACER_PLAIN, TRACER_PLAIN, TRACER_TILES, TRACER_PLANKS, TRACER_BLOBS]
    case .furniture: return common + [TRACER_PLANKS, TRACER_PLANKS, TRACER_WEAVE, TRACER_GRADIENT]
    case .trinket: return common + [TRACER_GLYPHS, TRACER_RINGS, TRACER_WEAVE, TRACER_GRADIENT]
    }
  }
}
