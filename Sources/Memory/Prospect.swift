import Scene

/// The most that any keyframe in a box may show of a query: what a search goes by.
///
/// Never too little, else something would be missed. Coordinates are the query's, in network units.
struct Prospect {
  private let center: SIMD3<Float>
  private let axis: SIMD3<Float>
  /// How far a keyframe stands from the centre at most, and its axis is from the middle one.
  private let radius: Float
  private let spread: Float
  private let cosine: Float
  private let magnification: Float
  private let discount: Float

  /// - Parameters:
  ///   - place: the query's position in the tree's coordinates.
  ///   - doubt: 1 to allow for every keyframe that may be in the box, less for a likely one.
  init(_ box: Box, from query: Camera, at place: SIMD3<Double>, doubt: Float = 1) {
    let (middle, half) = ((box.low + box.high) * 0.5, (box.high - box.low) * (0.5 * doubt))
    let turn = query.pose.rotation.transpose
    let position = SIMD3<Double>(Double(middle[0]), Double(middle[1]), Double(middle[2]))
    center = SIMD3<Float>(turn * (position - place))
    let mean = SIMD3<Double>(Double(middle[3]), Double(middle[4]), Double(middle[5]))
    axis = SIMD3<Float>(turn * mean.normalized)
    let far = max(abs(middle[0]), abs(middle[1]), abs(middle[2]))
    // Boxes are rounded to Float32.
    radius = (half[0] * half[0] + half[1] * half[1] + half[2] * half[2]).squareRoot() + far * 1e-6
    let wide = (half[3] * half[3] + half[4] * half[4] + half[5] * half[5]).squareRoot()
    spread = wide + abs(1 - Float(mean.length)) + 1e-5
    // The cone goes through the image's corners and a margin; a likely one has its area.
    let tangent = (1 / (box.low[6] * box.low[6]) - 1).squareRoot() * (0.6 + 0.4 * doubt)
    cosine = 1 / (1 + tangent * tangent).squareRoot() - 1e-5
    magnification = box.high[6] / Float(query.intrinsics.pixelsPerUnit) * 1.0001
    discount = box.high[7]
  }

  /// Whether the cone of any may touch a ball.
  func mayMeet(_ ball: (center: SIMD3<Float>, radius: Float)) -> Bool {
    let w = ball.center - center
    let (d, slack) = ((w * w).sum().squareRoot(), (radius + ball.radius) * 1.001)
    guard d > slack else { return true }
    // Along the middle axis at most, and the cone at least, for any point and keyframe in reach.
    let along = (axis * w).sum() + spread * (d + slack) + slack
    return along >= cosine * (d - slack)
  }

  /// The most that any of them weighs at the points.
  @inline(__always) func look(at p: Frustum.Points) -> Block {
    let (wx, wy, wz) = (p.x - center.x, p.y - center.y, p.z - center.z)
    let d = (wx * wx + wy * wy + wz * wz).squareRoot()
    let nearest = 1 / (d - radius).atLeast(Block(repeating: 1e-6))
    let ahead = (axis.x * wx + axis.y * wy + axis.z * wz) + spread * (d + radius) + radius
    let inside = ahead - cosine * (d - radius)
    let straight = (p.x * wx + p.y * wy + p.z * wz) * p.inverseLength / (d + 1e-9)
    // An angle that shrinks by asin(radius / d) has a cosine that grows by at most √2 radius / d.
    let agreement = (straight + 1.4143 * radius * nearest).unit
    let resolution = (magnification * p.length * nearest).atMost(.one)
    return (p.mass * discount * agreement * resolution).kept(where: inside)
  }
}
