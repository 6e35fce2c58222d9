/// Where a camera is and how it is turned: a camera-to-world transform in Float64.
///
/// The rotation's columns are the camera's axes in world coordinates: right (x), down (y) and
/// forward (z), OpenCV's convention. Formats with other conventions are converted where they are
/// read, nowhere else.
public struct Pose: Hashable, Sendable {
  public var rotation: Matrix3
  public var position: SIMD3<Double>

  public init(rotation: Matrix3 = .identity, position: SIMD3<Double> = .zero) {
    self.rotation = rotation
    self.position = position
  }

  /// A pose at `position` that looks at `target`, with the image's top towards `up`.
  public init(at position: SIMD3<Double>, lookingAt target: SIMD3<Double>, up: SIMD3<Double>) {
    self.init(at: position, facing: target - position, up: up)
  }

  /// A pose at `position` that faces a direction, with the image's top towards `up`.
  ///
  /// Facing straight along `up` leaves the roll open; any right-hand axis is taken then.
  public init(at position: SIMD3<Double>, facing direction: SIMD3<Double>, up: SIMD3<Double>) {
    let forward = direction.normalized
    var right = forward.cross(up)
    if right.length < 1e-9 { right = forward.cross(abs(forward.x) < 0.9 ? [1, 0, 0] : [0, 1, 0]) }
    right = right.normalized
    self.init(
      rotation: Matrix3(columns: right, forward.cross(right), forward), position: position)
  }

  /// How far from the origin a camera may stand, in world units: beyond, squares lose all meaning.
  public static let farthest = 1e12
  /// How far a rotation that comes from outside may be from orthonormal: more is an error, less is put
  /// right.
  public static let rotationTolerance = 1e-3

  public var right: SIMD3<Double> { rotation.x }
  public var down: SIMD3<Double> { rotation.y }
  public var forward: SIMD3<Double> { rotation.z }

  /// World-to-camera.
  public var inverse: Pose {
    let r = rotation.transpose
    return Pose(rotation: r, position: r * (position * -1))
  }

  /// `a * b` applies `b` first: (camera-to-a) then (a-to-world).
  public static func * (a: Pose, b: Pose) -> Pose {
    Pose(rotation: a.rotation * b.rotation, position: a.rotation * b.position + a.position)
  }

  /// Takes a point from camera to world coordinates.
  public static func * (a: Pose, point: SIMD3<Double>) -> SIMD3<Double> {
    a.rotation * point + a.position
  }

  /// This camera's coordinates in another camera's: `other⁻¹ · self`, exact in Float64.
  public func relative(to other: Pose) -> Pose { other.inverse * self }

  /// The angle in radians between two poses' rotations.
  public func angle(to other: Pose) -> Double {
    let r = relative(to: other).rotation
    return acos(min(1, max(-1, (r.x.x + r.y.y + r.z.z - 1) / 2)))
  }

  /// The pose on the way from `self` (0) to `other` (1): positions linear, rotations by the
  /// shortest turn.
  public func interpolated(to other: Pose, at t: Double) -> Pose {
    let turn = other.relative(to: self).rotation
    let angle = angle(to: other)
    let middle = position + (other.position - position) * t
    guard angle > 1e-9 else { return Pose(rotation: rotation, position: middle) }
    let axis = turn.axis
    return Pose(
      rotation: rotation * .rotation(by: angle * t, about: axis), position: middle)
  }
}

extension Matrix3 {
  /// The unit axis that a rotation leaves in place; half-turns included.
  var axis: SIMD3<Double> {
    let skew = SIMD3(y.z - z.y, z.x - x.z, x.y - y.x)
    if skew.length > 1e-6 { return skew.normalized }
    let columns = [x + [1, 0, 0], y + [0, 1, 0], z + [0, 0, 1]]
    return columns.max { $0.length < $1.length }!.normalized
  }
}
