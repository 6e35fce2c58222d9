import Scene

struct Sphere {
  var center: SIMD3<Double>
  var radius: Double
}

/// A cone around all that a keyframe sees: asked first, since it answers in nanoseconds.
struct Outlook {
  let position: SIMD3<Double>
  let axis: SIMD3<Double>
  private let cosine: Double
  private let sine: Double

  /// The narrowest cone about the viewing axis that holds the image and a margin, in image widths.
  init(of camera: Camera, margin: Double) {
    let lens = camera.intrinsics
    let size = SIMD2(Double(lens.width), Double(lens.height))
    let corners = [SIMD2(0.0, 0.0), SIMD2(1, 0), SIMD2(0, 1), SIMD2(1, 1)]
    let lengths = corners.map { corner in
      lens.direction(at: (corner + (corner * 2 - 1) * margin) * size).length
    }
    position = camera.pose.position
    axis = camera.pose.forward
    cosine = 1 / lengths.max()!
    sine = max(1e-9, (1 - cosine * cosine).squareRoot())
  }

  /// Whether the cone may touch a ball: never wrongly no.
  func meets(_ ball: Sphere) -> Bool {
    let v = ball.center - position + axis * (ball.radius / sine)
    return v.dot(axis) >= v.length * cosine
  }

  func isWithin(_ distance: Double, of point: SIMD3<Double>) -> Bool {
    let v = position - point
    return v.dot(v) <= distance * distance
  }
}
