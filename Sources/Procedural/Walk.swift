import Scene

/// A random walk of a camera: short steps, small turns, and visits to where it was before.
struct Walker {
  /// How it moves.
  enum Manner: CaseIterable {
    /// About a place, looking much the same way.
    case wander
    /// From goal to goal, through doors, looking ahead and around.
    case travel
    /// Close to walls and things.
    case hug
  }

  let scenery: Scenery
  let manner: Manner
  let ground: Ground
  /// By how much its steps are longer than those in a room.
  private let stride: Double
  private var dice: Dice
  private var position: SIMD3<Double>
  private var heading: Double
  private var gaze: Gaze
  private let firstYaw: Double
  private let rolls: Bool
  private let revisits: Bool
  private var goal: [Int32] = []
  private var visited: [(position: SIMD3<Double>, gaze: Gaze)] = []

  /// Distance kept from everything, in metres.
  static let clearance = 0.3
  /// Of the camera over the floor, in metres.
  static let heights = 0.8...2.0
  /// What a walker that keeps close to things keeps from them, in metres.
  static let closeness = 0.3...0.6

  /// Where the camera looks, in radians.
  private struct Gaze {
    var yaw: Double
    var pitch: Double
    var roll: Double

    var forward: SIMD3<Double> {
      SIMD3(cos(yaw) * cos(pitch), sin(yaw) * cos(pitch), sin(pitch))
    }
  }

  /// - Parameters:
  ///   - stride: 1 in a room, more where things are larger.
  ///   - revisits: whether it is back at once near an earlier pose now and then.
  init(
    in scenery: Scenery, manners: [Manner], stride: Double, revisits: Bool = true, seed: UInt64
  ) {
    self.revisits = revisits
    self.scenery = scenery
    self.stride = stride
    var dice = Dice(seed: seed, purpose: 2)
    manner = dice.pick(manners)
    let height =
      Self.heights.lowerBound
      + (Self.heights.upperBound - Self.heights.lowerBound) * (dice.unit() + dice.unit()) / 2
    ground = Ground(
      scenery.solids, size: scenery.size, height: height, margin: Self.clearance + 0.02)
    position = Self.start(in: scenery, on: ground, close: manner == .hug, height: height, &dice)
    heading = dice.real(in: 0...2 * Double.pi)
    rolls = dice.chance(0.3)
    let pitch = dice.real(in: -0.25...0.08)
    let yaws = (0..<4).map { _ in dice.real(in: 0...2 * Double.pi) }
    let here = position
    let openness = yaws.map { yaw in
      scenery.openness(from: here, Gaze(yaw: yaw, pitch: pitch, roll: 0).forward, near: stride)
    }
    firstYaw = yaws[openness.indices.max { openness[$0] < openness[$1] }!]
    gaze = Gaze(yaw: firstYaw, pitch: pitch, roll: 0)
    self.dice = dice
  }

  /// A random place that is clear; close to something, if it is to be close.
  private static func start(
    in scenery: Scenery, on ground: Ground, close: Bool, height: Double, _ dice: inout Dice
  ) -> SIMD3<Double> {
    let cells = ground.walkable.isEmpty ? [ground.clearest] : ground.walkable
    var place = SIMD3<Double>.zero
    for _ in 0..<60 {
      let c = ground.center(of: dice.pick(cells))
      place = [c.x, c.y, height]
      let free = scenery.clearance(at: place)
      if close ? closeness.contains(free) : free >= clearance { break }
    }
    return place
  }

  mutating func next() -> Pose {
    if revisits && visited.count > 3 && dice.chance(0.12) {
      revisit()
    } else if !visited.isEmpty {
      step()
    }
    visited.append((position, gaze))
    var pose = Pose(at: position, facing: gaze.forward, up: ProceduralWorld.up)
    pose.rotation = .rotation(by: gaze.roll, about: gaze.forward) * pose.rotation
    return pose
  }

  private mutating func step() {
    if manner != .travel || !travel() { wander() }
    look()
  }

  /// Goes on, in about the same direction if there is room.
  private mutating func wander() {
    let band = manner == .hug ? Self.closeness : Self.clearance...Double.infinity
    for attempt in 0..<60 {
      let swerve = attempt < 5 ? 0.7 : Double.pi
      let way = heading + dice.real(in: -swerve...swerve)
      let length = stride * dice.real(in: 0.2...0.8) * (attempt < 30 ? 1 : 0.5)
      let p = lifted(position + SIMD3(cos(way), sin(way), 0) * length)
      let free = scenery.clearance(at: p)
      if attempt < 40 ? band.contains(free) : free >= Self.clearance {
        (position, heading) = (p, way)
        return
      }
    }
  }

  /// Goes on to the goal, or sets out for another; whether there was a way.
  private mutating func travel() -> Bool {
    let length = stride * dice.real(in: 0.3...0.8)
    for _ in 0..<4 {
      if goal.isEmpty { setOut() }
      let here = SIMD2(position.x, position.y)
      if let place = ground.advance(from: here, along: goal, by: length) {
        let p = SIMD3(place.x, place.y, position.z)
        guard scenery.clearance(at: p) >= Self.clearance else { return false }
        heading = atan2(p.y - position.y, p.x - position.x)
        position = p
        return true
      }
      goal = []
    }
    return false
  }

  /// Picks the farthest of some places as the next goal.
  private mutating func setOut() {
    guard !ground.walkable.isEmpty else { return }
    let here = SIMD2(position.x, position.y)
    let picks = (0..<3).map { _ in dice.pick(ground.walkable) }
    func distance(_ i: Int) -> Double {
      let d = ground.center(of: i) - here
      return d.x * d.x + d.y * d.y
    }
    goal = ground.distances(to: picks.max { distance($0) < distance($1) }!)
  }

  /// A place a little higher or lower.
  private mutating func lifted(_ p: SIMD3<Double>) -> SIMD3<Double> {
    let z = p.z + dice.real(in: -0.1...0.1)
    return [p.x, p.y, min(Self.heights.upperBound, max(Self.heights.lowerBound, z))]
  }

  /// Turns by up to 30 degrees: drawn back to where it first looked, or ahead; and away from what
  /// would fill the picture.
  private mutating func look() {
    let (anchor, pull) = manner == .wander ? (firstYaw, 0.25) : (heading, 0.4)
    let apart = atan2(sin(gaze.yaw - anchor), cos(gaze.yaw - anchor))
    let turn = dice.real(in: -0.52...0.52) - pull * apart
    gaze.yaw += min(0.52, max(-0.52, turn))
    tilt(by: 0.1)
    gaze.roll = rolls ? dice.real(in: -Self.steepestRoll...Self.steepestRoll) : 0
    avert()
  }

  private static let steepestRoll = 10 * Double.pi / 180

  private mutating func tilt(by most: Double) {
    gaze.pitch = min(0.2, max(-0.35, gaze.pitch + dice.real(in: -most...most)))
  }

  /// Turns further where something close fills the picture.
  private mutating func avert() {
    let side = dice.chance(0.5) ? 1.0 : -1.0
    var best = (gaze: gaze, openness: -Double.infinity)
    for turn in [0, 0.35, -0.35, 0.7, -0.7, 1.1, -1.1] {
      var other = gaze
      other.yaw += side * turn
      let openness = scenery.openness(from: position, other.forward, near: stride)
      if openness > best.openness { best = (other, openness) }
      if openness > 0.65 { break }
    }
    gaze = best.gaze
  }

  /// Is back near an earlier pose.
  private mutating func revisit() {
    let earlier = visited[dice.whole(in: 0...visited.count - 1)]
    gaze = earlier.gaze
    gaze.yaw += dice.real(in: -0.15...0.15)
    tilt(by: 0.05)
    let aside = SIMD3(dice.real(in: -0.15...0.15), dice.real(in: -0.15...0.15), 0)
    let near = earlier.position + aside
    position = scenery.clearance(at: near) >= Self.clearance ? near : earlier.position
    goal = []
  }
}

extension Scenery {
  /// How much of a glance from a place goes clearly further than `near` metres, 0...1.
  func openness(
    from position: SIMD3<Double>, _ forward: SIMD3<Double>, near: Double
  ) -> Double {
    let lens = Intrinsics(width: 6, height: 6, horizontalFieldOfView: 1.1)
    let pose = Pose(at: position, facing: forward, up: ProceduralWorld.up)
    let depth = film(Camera(intrinsics: lens, pose: pose), samples: 1, threads: 1).depth
    let far = depth.count { Double($0) > 1.3 * near }
    let farther = depth.reduce(0) { $0 + min(4 * near, Double($1)) } / (4 * near)
    return (0.9 * Double(far) + 0.1 * farther) / Double(depth.count)
  }
}
