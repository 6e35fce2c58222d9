import CTracer
import Scene

extension Stage {
  /// The light of a room: a lamp in the ceiling over a part of the floor, what comes in from
  /// outside, and what walls and things give back.
  ///
  /// - Parameters:
  ///   - share: of the light that comes from everywhere.
  ///   - lamp: half the lamp's size, in metres.
  mutating func light(
    at region: Rectangle, share: ClosedRange<Double> = 0.25...0.55,
    lamp size: ClosedRange<Double> = 0.15...0.7
  ) {
    let half = SIMD2(dice.real(in: size), dice.real(in: size))
    let around = Rectangle(center: region.center, half: region.half / 2)
    let center = place(in: around)
    let tint = Linear(kelvin: dice.real(in: 3.2...8.5))
    room.light_center = single([center.x, center.y, self.size.z - 0.01])
    room.light_half = (Float(half.x), Float(half.y))
    room.light_color = tint.times(dice.real(in: 4...9)).tuple
    let air = Linear(kelvin: dice.real(in: 4...9)).times(dice.real(in: share))
    (room.ambient_up, room.ambient_down) = (air.tuple, air.times(dice.real(in: 0.8...1.3)).tuple)
    let angle = dice.real(in: 0...2 * Double.pi)
    room.fill = single([cos(angle) * 0.9, sin(angle) * 0.9, 0.3])
    room.brightness = 0.3
    lightness = dice.real(in: 0.36...0.56)
    if style == .daylight || style == .dusk || dice.chance(0.5) { letSunIn() }
    var lamp = tracer_material.plain(.white)
    lamp.glow = 4
    decal(5, Rectangle(center: center, half: half), add(lamp), frame: 0.03, material(.trinket))
  }

  /// Lets the sun in through one of the windows.
  private mutating func letSunIn() {
    let windows = decals.filter { $0.window != 0 }
    guard !windows.isEmpty, style != .night else { return }
    let outward = [2, 0, 3, 1][Int(dice.pick(windows).wall)] * Double.pi / 2
    let high = style == .dusk ? 0.12...0.3 : 0.3...0.8
    let (azimuth, height) = (outward + dice.real(in: -0.8...0.8), dice.real(in: high))
    room.sun_way = single([
      cos(azimuth) * cos(height), sin(azimuth) * cos(height), sin(height),
    ])
    let strength = style == .daylight ? 2.0...4.5 : 1.0...2.5
    room.sun_color = Linear(kelvin: dice.real(in: 3.5...6)).times(dice.real(in: strength)).tuple
  }
}
