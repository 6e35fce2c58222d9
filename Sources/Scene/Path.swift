/// A walk: the cameras to draw, in order.
public struct Path: Hashable, Sendable {
  public var cameras: [Camera]

  public init(cameras: [Camera]) { self.cameras = cameras }

  /// Glides through the given cameras, with `count` frames in all; ends are exact.
  public static func through(_ stops: [Camera], count: Int) -> Path {
    guard stops.count > 1, count > 1 else {
      return Path(cameras: Array(repeating: stops[0], count: max(1, count)))
    }
    let cameras = (0..<count).map { i -> Camera in
      let t = Double(i) / Double(count - 1) * Double(stops.count - 1)
      let k = min(Int(t), stops.count - 2)
      var camera = stops[k]
      camera.pose = stops[k].pose.interpolated(to: stops[k + 1].pose, at: t - Double(k))
      return camera
    }
    return Path(cameras: cameras)
  }

  /// Turns once on the spot, about `up`.
  public static func spin(_ start: Camera, up: SIMD3<Double>, count: Int) -> Path {
    Path(
      cameras: (0..<count).map { i in
        let turn = Matrix3.rotation(by: -2 * .pi * Double(i) / Double(count), about: up)
        var camera = start
        camera.pose.rotation = turn * start.pose.rotation
        return camera
      })
  }

  /// Sways in a circle of `radius` world units across the viewing axis, eyes on a point `distance`
  /// ahead.
  public static func orbit(
    _ start: Camera, up: SIMD3<Double>, radius: Double, distance: Double, count: Int
  ) -> Path {
    let pose = start.pose
    let target = pose.position + pose.forward * distance
    return Path(
      cameras: (0..<count).map { i in
        let a = 2 * .pi * Double(i) / Double(count)
        let offset = pose.right * (radius * sin(a)) + pose.down * (radius * 0.5 * (cos(a) - 1))
        var camera = start
        camera.pose = Pose(at: pose.position + offset, lookingAt: target, up: up)
        return camera
      })
  }

  /// Goes through the cameras and comes back the same way.
  public static func `return`(_ stops: [Camera], count: Int) -> Path {
    let out = through(stops, count: (count + 1) / 2).cameras
    return Path(cameras: out + out.reversed().dropFirst(count % 2))
  }
}
