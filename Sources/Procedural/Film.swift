public import Scene

/// A frame, and what only its maker can know: how deep it is, and what reflects.
public struct Film: Sendable {
  public let frame: Frame
  /// Per pixel, the depth of the first surface behind its centre along the viewing axis, in
  /// metres; of a mirror, the mirror's own; of glass, what is behind it. `skyDepth` for the sky.
  public let depth: [Float]
  /// Per pixel, whether that surface is glossy or a mirror, so that its colour depends on where one
  /// stands.
  public let reflective: [Bool]
  /// Per pixel, whether it is a mirror: more than half of what it shows is elsewhere.
  public let mirrors: [Bool]

  /// - Parameter reflective: as the tracer has it, per pixel: 1 for gloss, 2 for a mirror, else 0.
  init(frame: Frame, depth: [Float], reflective: [UInt8]) {
    (self.frame, self.depth) = (frame, depth)
    self.reflective = reflective.map { $0 != 0 }
    mirrors = reflective.map { $0 == 2 }
  }

  /// The depth of the sky, and of what is farther, in metres.
  public static let skyDepth: Float = 1000

  /// For each pixel of this film, whether the other shows the same surface.
  ///
  /// By depth, so a surface seen at a glance through a gap narrower than a pixel may be missed.
  public func visibility(from other: Film) -> [Bool] {
    let lens = frame.camera.intrinsics
    let toOther = other.frame.camera.pose.inverse * frame.camera.pose
    return (0..<lens.width * lens.height).map { i in
      let pixel = SIMD2(Double(i % lens.width) + 0.5, Double(i / lens.width) + 0.5)
      let direction = lens.direction(at: pixel)
      if depth[i] >= Film.skyDepth { return other.showsSky(toOther.rotation * direction) }
      return other.shows(toOther * (direction * Double(depth[i])))
    }
  }

  /// Whether there is sky in a direction of this camera's coordinates; it is endlessly far.
  private func showsSky(_ direction: SIMD3<Double>) -> Bool {
    (depths(around: direction)?.upperBound ?? 0) >= Film.skyDepth
  }

  /// Whether a point in this camera's coordinates lies on the surface that this film shows there.
  private func shows(_ point: SIMD3<Double>) -> Bool {
    guard let depths = depths(around: point) else { return false }
    let tolerance = Film.absoluteTolerance + Film.relativeTolerance * point.z
    return point.z > Double(depths.lowerBound) - tolerance
      && point.z < Double(depths.upperBound) + tolerance
  }

  /// The least and the greatest depth around where a point is seen; nil if it is out of sight.
  private func depths(around point: SIMD3<Double>) -> ClosedRange<Float>? {
    let lens = frame.camera.intrinsics
    guard let pixel = lens.project(point), lens.contains(pixel) else { return nil }
    let corner = pixel - 0.5
    var (low, high) = (Float.infinity, -Float.infinity)
    for y in neighbours(corner.y, lens.height) {
      for x in neighbours(corner.x, lens.width) {
        let d = depth[y * lens.width + x]
        (low, high) = (min(low, d), max(high, d))
      }
    }
    return low...high
  }

  /// The two pixels around a coordinate in pixel centres, clipped to the image.
  private func neighbours(_ x: Double, _ count: Int) -> ClosedRange<Int> {
    let low = Int(x.rounded(.down))
    return max(0, low)...min(count - 1, low + 1)
  }

  /// By how much depths of the same surface may differ: metres, and a share of the depth.
  public static let absoluteTolerance = 0.01
  public static let relativeTolerance = 0.01
}
