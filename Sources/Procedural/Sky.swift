import CTracer
import Scene

extension Stage {
  /// The light of an open place: sky, sun, and what the ground gives back.
  mutating func light(ground: Int32) {
    room.open = 1
    room.walls = (ground, ground, ground, ground, ground, ground)
    room.sky_seed = UInt32(truncatingIfNeeded: dice.next())
    room.clouds = Float(dice.pick([0, 0.2, 0.4, 0.6, 0.9]))
    let azimuth = dice.real(in: 0...2 * Double.pi)
    let height = dice.real(in: style == .dusk ? 0.08...0.28 : 0.4...1.1)
    room.sun_way = single([
      cos(azimuth) * cos(height), sin(azimuth) * cos(height), sin(height),
    ])
    room.fill = single([cos(azimuth) * 0.6, sin(azimuth) * 0.6, 0.2])
    let air = paintSky()
    room.ambient_up = air.tuple
    let bounce = Linear(r: 0.8, g: 0.75, b: 0.65).times(dice.real(in: 0.4...0.7))
    room.ambient_down = air.times(bounce).tuple
    room.brightness = 0.3
    lightness = dice.real(in: 0.36...0.52)
  }

  /// Sets the sky's and the sun's colours; what light the sky gives.
  private mutating func paintSky() -> Linear {
    switch style {
    case .dusk: duskSky()
    case .night: nightSky()
    case .daylight: daySky(sun: 2.0...3.5, gray: 0...0.2)
    case .fog: daySky(sun: 0.2...0.8, gray: 0.6...1)
    case .plain: daySky(sun: dice.pick([0...0, 0.4...1.5, 1...2.5]), gray: 0.3...0.9)
    case .toon, .sketch: daySky(sun: 1...2.5, gray: 0...0.6)
    }
  }

  private mutating func daySky(sun: ClosedRange<Double>, gray: ClosedRange<Double>) -> Linear {
    let dull = dice.real(in: gray)
    let blue = Linear(hue: dice.real(in: 0.54...0.62), saturation: 0.6, value: 0.85)
    let zenith = blue.mixed(dull, with: Linear(r: 0.6, g: 0.62, b: 0.66))
    let pale = Linear(r: 0.75, g: 0.82, b: 0.9).mixed(dull, with: Linear(r: 0.8, g: 0.8, b: 0.78))
    (room.sky_zenith, room.sky_horizon) = (zenith.tuple, pale.tuple)
    if dull > 0.5 { room.clouds = max(room.clouds, 0.6) }
    room.sun_color = Linear(kelvin: dice.real(in: 4.5...6)).times(dice.real(in: sun)).tuple
    return zenith.mixed(0.6, with: .white).times(dice.real(in: 0.55...0.8))
  }

  private mutating func duskSky() -> Linear {
    let zenith = Linear(hue: dice.real(in: 0.6...0.76), saturation: 0.55, value: 0.5)
    let glow = Linear(hue: dice.real(in: -0.03...0.1), saturation: 0.6, value: 0.95)
    (room.sky_zenith, room.sky_horizon) = (zenith.tuple, glow.tuple)
    room.sun_color = Linear(r: 1.6, g: 1, b: 0.65).times(dice.real(in: 1...2.2)).tuple
    return zenith.mixed(0.35, with: glow).times(0.8)
  }

  private mutating func nightSky() -> Linear {
    let zenith = Linear(hue: dice.real(in: 0.58...0.72), saturation: 0.6, value: 0.16)
    let haze = Linear(hue: dice.real(in: 0.55...1.0), saturation: 0.45, value: 0.28)
    (room.sky_zenith, room.sky_horizon) = (zenith.tuple, haze.tuple)
    return Linear(r: 0.14, g: 0.17, b: 0.28).times(dice.real(in: 0.8...1.4))
  }

  /// Puts the one light that casts shadows where a street lamp hangs.
  mutating func shine(from p: SIMD3<Double>, strength: ClosedRange<Double>) {
    room.light_center = single(p)
    room.light_half = (0.12, 0.12)
    room.light_color = Linear(kelvin: dice.real(in: 2.6...4.5)).times(dice.real(in: strength)).tuple
  }
}
