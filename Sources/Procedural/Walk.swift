import Scene

/// A random walk of a camera: short steps, small turns, and visits to where it was before.
struct Walker {
  let scenery: Scenery
  private var dice: Dice
  private var position: SIMD3<Double>
  private var heading: Double
  private var gaze: Gaze
  private let firstYaw: Double
  private let rolls: Bool
  private var visited: [(position: SIMD3<Double>, gaze: Gaze)] = []

  /// Distance kept from everything, in metres.
  static let clearance = 0.3

  /// Where the camera looks, in radians.
  private struct Gaze {
    var yaw: Double
    var pitch: Double
    var roll: Double
  }

  init(in scenery: Scenery, seed: UInt64) {
    self.scenery = scenery
    dice = Dice(seed: seed, purpose: 2)
    position = Self.start(in: scenery, &dice)
    let middle = scenery.size / 2 - position
    firstYaw = atan2(middle.y, middle.x) + dice.real(in: -0.9...0.9)
    heading = dice.real(in: 0...2 * Double.pi)
    rolls = dice.chance(0.3)
    gaze = Gaze(yaw: firstYaw, pitch: dice.real(in: -0.25...0.05), roll: 0)
  }

  /// The first of many random places that is clear, or else the clearest of them.
  private static func start(in scenery: Scenery, _ dice: inout Dice) -> SIMD3<Double> {
    let size = scenery.size
    var best = (place: size / 2, clearance: -Double.infinity)
    for _ in 0..<500 where best.clearance < clearance {
      let p = SIMD3(
        dice.real(in: 0.5...size.x - 0.5), dice.real(in: 0.5...size.y - 0.5),
        dice.real(in: heights))
      let free = scenery.clearance(at: p)
      if free > best.clearance { best = (p, free) }
    }
    return best.place
  }

  private static let heights = 1.0...1.8

  mutating func next() -> Pose {
    if visited.count > 3 && dice.chance(0.12) { revisit() } else if !visited.isEmpty { step() }
    visited.append((position, gaze))
    let forward = SIMD3(
      cos(gaze.yaw) * cos(gaze.pitch), sin(gaze.yaw) * cos(gaze.pitch), sin(gaze.pitch))
    var pose = Pose(at: position, facing: forward, up: ProceduralWorld.up)
    pose.rotation = .rotation(by: gaze.roll, about: forward) * pose.rotation
    return pose
  }

  /// Goes on, in about the same direction if there is room.
  private mutating func step() {
    look()
    for attempt in 0..<40 {
      let swerve = attempt < 5 ? 0.7 : Double.pi
      let way = heading + dice.real(in: -swerve...swerve)
      let length = dice.real(in: 0.2...0.8)
      var p = position + SIMD3(cos(way), sin(way), 0) * length
      p.z = min(
        Self.heights.upperBound, max(Self.heights.lowerBound, p.z + dice.real(in: -0.1...0.1)))
      if scenery.clearance(at: p) >= Self.clearance {
        (position, heading) = (p, way)
        return
      }
    }
  }

  /// Turns by up to 30 degrees, drawn back to where it first looked.
  private mutating func look() {
    let turn = dice.real(in: -0.52...0.52) - 0.25 * (gaze.yaw - firstYaw)
    gaze.yaw += min(0.52, max(-0.52, turn))
    gaze.pitch = min(0.15, max(-0.35, gaze.pitch + dice.real(in: -0.1...0.1)))
    gaze.roll = rolls ? dice.real(in: -0.087...0.087) : 0
  }

  /// Is back near an earlier pose.
  private mutating func revisit() {
    let earlier = visited[dice.whole(in: 0...visited.count - 1)]
    gaze = earlier.gaze
    gaze.yaw += dice.real(in: -0.15...0.15)
    gaze.pitch = min(0.15, max(-0.35, gaze.pitch + dice.real(in: -0.05...0.05)))
    let aside = SIMD3(dice.real(in: -0.15...0.15), dice.real(in: -0.15...0.15), 0)
    let near = earlier.position + aside
    position = scenery.clearance(at: near) >= Self.clearance ? near : earlier.position
  }
}
