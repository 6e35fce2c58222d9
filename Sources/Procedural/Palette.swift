/// The colours of one place: a few hues that recur, so that places differ more than surfaces do.
struct Palette: Sendable {
  private var hues: [Double]
  private var saturation: Double
  private var lightness: Double
  /// The share of sober surfaces: materials as houses have them, of little contrast.
  private(set) var sobriety: Double

  init(_ dice: inout Dice) {
    let base = dice.unit()
    let spread = dice.pick([0.15, 0.35, 0.6, 1.0, 1.0])
    hues = (0..<5).map { _ in base + spread * (dice.unit() - 0.5) }
    saturation = dice.real(in: 0.2...0.8)
    lightness = dice.real(in: 0.45...0.85)
    sobriety = dice.pick([0.95, 0.85, 0.85, 0.6, 0.3, 0.1])
  }

  /// The same place in bolder colours.
  func bolder(saturation s: Double, sobriety limit: Double) -> Palette {
    var bold = self
    bold.saturation = max(saturation, s)
    bold.sobriety = min(sobriety, limit)
    return bold
  }

  /// How likely a surface of a kind is sober.
  func sobriety(of kind: Surfacing) -> Double {
    kind.isOutside ? 0.85 + 0.15 * sobriety : sobriety
  }

  /// A linear RGB colour around a lightness (0...1 as the eye sees it).
  func color(_ dice: inout Dice, lightness wanted: Double? = nil) -> Linear {
    let hue = dice.chance(0.3) ? dice.unit() : dice.pick(hues)
    let s = min(1, saturation * dice.real(in: 0.3...1.4))
    let v = (wanted ?? lightness) + dice.real(in: -0.4...0.3)
    return Linear(hue: hue, saturation: s, value: min(0.95, max(0.1, v)))
  }

  /// A colour that something built of wood, stone, plaster or cloth might have.
  func soberColor(_ kind: Surfacing, _ dice: inout Dice) -> Linear {
    let stuff = dice.pick(kind.stuffs)
    let hue = stuff.hue.map { dice.real(in: $0) } ?? dice.pick(hues)
    return Linear(
      hue: hue, saturation: dice.real(in: stuff.saturation), value: dice.real(in: stuff.value))
  }
}

/// The colours that a kind of material comes in; without a hue of its own it takes the place's.
struct Stuff {
  let hue: ClosedRange<Double>?
  let saturation: ClosedRange<Double>
  let value: ClosedRange<Double>

  static let wood = Stuff(hue: 0.05...0.11, saturation: 0.3...0.65, value: 0.3...0.8)
  static let stone = Stuff(hue: 0.05...0.16, saturation: 0.02...0.2, value: 0.35...0.8)
  static let brick = Stuff(hue: 0.0...0.06, saturation: 0.35...0.6, value: 0.4...0.7)
  static let plaster = Stuff(hue: 0.05...0.17, saturation: 0.0...0.25, value: 0.75...0.95)
  static let paint = Stuff(hue: nil, saturation: 0.1...0.45, value: 0.5...0.92)
  static let cloth = Stuff(hue: nil, saturation: 0.15...0.65, value: 0.25...0.85)
  static let metal = Stuff(hue: 0.55...0.65, saturation: 0.0...0.12, value: 0.2...0.75)
  static let leaf = Stuff(hue: 0.2...0.38, saturation: 0.35...0.75, value: 0.25...0.65)
  static let asphalt = Stuff(hue: 0.5...0.7, saturation: 0.0...0.1, value: 0.25...0.5)
}

/// A colour in linear light.
struct Linear: Sendable {
  var r: Double
  var g: Double
  var b: Double

  static let white = Linear(r: 0.8, g: 0.8, b: 0.78)
  static let silver = Linear(r: 0.6, g: 0.62, b: 0.63)

  var tuple: (Float, Float, Float) { (Float(r), Float(g), Float(b)) }

  func times(_ s: Double) -> Linear { Linear(r: r * s, g: g * s, b: b * s) }

  /// Channel by channel.
  func times(_ c: Linear) -> Linear { Linear(r: r * c.r, g: g * c.g, b: b * c.b) }

  /// A share of the way to another colour.
  func mixed(_ share: Double, with c: Linear) -> Linear {
    Linear(r: r + share * (c.r - r), g: g + share * (c.g - g), b: b + share * (c.b - b))
  }
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
