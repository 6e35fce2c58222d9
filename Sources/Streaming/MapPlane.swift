import Scene

/// The plane of the map: the world seen from above, its second axis up the screen.
///
///     MapPlane(up: [0, -1, 0]).place(Pose())  // x 0, y 0, heading 0: faces the map's top
///
/// A class, so that async functions hold no vectors: see ``Action``.
final class MapPlane: Sendable {
  private let right: SIMD3<Double>
  private let top: SIMD3<Double>

  /// - Parameter up: against gravity; if it has no direction, OpenCV's (0, −1, 0).
  init(up: SIMD3<Double>) {
    let up = up.isFinite && up.length > 0 ? up.normalized : [0, -1, 0]
    let axis: SIMD3<Double> = abs(up.x) < 0.9 ? [1, 0, 0] : [0, 0, 1]
    right = (axis - up * axis.dot(up)).normalized
    top = up.cross(right)
  }

  convenience init(of walk: some Walkable) { self.init(up: walk.up) }

  /// Where a pose is on the map and which way it faces.
  func place(_ pose: Pose) -> Place {
    // Straight up or down, the image's top says which way.
    let level = SIMD2(pose.forward.dot(right), pose.forward.dot(top))
    let steep = (level * level).sum() < 1e-6
    let facing = steep ? pose.down * -1 : pose.forward
    return Place(
      x: Float(pose.position.dot(right)), y: Float(pose.position.dot(top)),
      heading: Float(atan2(facing.dot(right), facing.dot(top))))
  }
}

/// A point of the map, in world units, and a heading in radians, clockwise from the map's top.
struct Place: Hashable, Sendable {
  var x: Float = 0
  var y: Float = 0
  var heading: Float = 0
}
