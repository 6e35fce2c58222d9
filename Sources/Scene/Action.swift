/// What a viewer or an agent does during one frame: keys held, and how far the mouse went.
///
/// It is kept as plain numbers: actions travel through async functions, and those of Swift before
/// 6.4 reserve too little memory for a vector that they hold (swiftlang/swift#91639).
public struct Action: Hashable, Sendable {
  /// A place that is there at once, without a way.
  public enum Jump: Hashable, Sendable {
    /// Where the walk began.
    case start
    /// Where a keyframe was taken, looking where it looks; nowhere if there is none of that number.
    case keyframe(Int)
    /// Anywhere, looking anywhere. Walking levels the camera again. On the heap, as actions travel.
    indirect case pose(Pose)
  }

  /// Where to go before anything else.
  public var jump: Jump?
  private var right, up, forward: Double
  private var turnRight, turnUp: Double
  /// How long the keys were held, in seconds.
  public var duration: Double

  public init(
    move: SIMD3<Double> = .zero, turn: SIMD2<Double> = .zero, duration: Double = 1.0 / 30
  ) {
    (right, up, forward) = (move.x, move.y, move.z)
    (turnRight, turnUp) = (turn.x, turn.y)
    self.duration = duration
  }

  /// How hard to move right, up and forward, each in -1...1: a state, so the newest wins.
  public var move: SIMD3<Double> {
    get { [right, up, forward] }
    set { (right, up, forward) = (newValue.x, newValue.y, newValue.z) }
  }

  /// Turn to the right and upwards, in radians: a change, so what arrives is added up.
  public var turn: SIMD2<Double> {
    get { [turnRight, turnUp] }
    set { (turnRight, turnUp) = (newValue.x, newValue.y) }
  }

  /// Whether it leaves the camera as it is.
  public var isRest: Bool { jump == nil && !moves }

  /// Whether anything turns or moves, beside a jump.
  public var moves: Bool {
    [right, up, forward, turnRight, turnUp].contains { $0 != 0 && $0.isFinite }
  }
}

/// How a body moves through a place: which way is up, how fast it walks, how far it may look up.
public struct Gait: Hashable, Sendable {
  /// The unit vector against gravity, in world coordinates.
  public var up: SIMD3<Double>
  /// World units a second.
  public var speed: Double
  /// The steepest look up or down, in radians.
  public var pitchLimit = 1.4

  public init(up: SIMD3<Double>, speed: Double) {
    self.up = up.normalized
    self.speed = speed
  }
}

extension Camera {
  /// Turns, then walks: forward and sideways stay level, whatever the pitch; roll is kept level.
  ///
  /// Parts of an action that are not finite are ignored; moves are clamped to -1...1.
  public mutating func move(by action: Action, gait: Gait) {
    let turn = action.turn.isFinite ? action.turn : .zero
    var forward = pose.forward
    let heading = levelHeading(up: gait.up)
    let limit = gait.pitchLimit
    let pitch = asin(min(1, max(-1, forward.dot(gait.up))))
    let newPitch = min(limit, max(-limit, pitch + turn.y))
    let level = Matrix3.rotation(by: -turn.x, about: gait.up) * heading
    forward = level * cos(newPitch) + gait.up * sin(newPitch)
    let right = level.cross(gait.up).normalized

    var position = pose.position
    if action.move.isFinite, action.duration.isFinite, action.duration > 0 {
      let m = action.move.clamped(lowerBound: SIMD3(repeating: -1), upperBound: SIMD3(repeating: 1))
      let direction = right * m.x + gait.up * m.y + level * m.z
      let length = max(1, direction.length)
      position += direction / length * (gait.speed * action.duration)
    }
    pose = Pose(at: position, facing: forward, up: gait.up)
  }

  /// The horizontal direction that the camera faces; from the image's top where it looks along up.
  private func levelHeading(up: SIMD3<Double>) -> SIMD3<Double> {
    let flat = pose.forward - up * pose.forward.dot(up)
    if flat.length > 1e-6 { return flat.normalized }
    let top = pose.down * (pose.forward.dot(up) > 0 ? 1 : -1)
    return (top - up * top.dot(up)).normalized
  }
}

extension SIMD2<Double> {
  var isFinite: Bool { x.isFinite && y.isFinite }
}
