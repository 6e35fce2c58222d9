public import Scene

/// What a model must beat: pictures of a query made without learning anything.
public enum Baseline: String, CaseIterable, Codable, Sendable {
  /// The context frame that is closest to the query, as it is.
  case nearest
  /// That frame, as if all it shows were painted on a plane that faces the query.
  case plane

  /// Draws a query; nil without a context.
  ///
  /// `depth` is how far away things are, in world units: the plane's distance, and what weighs
  /// moves against turns when the closest frame is chosen.
  public func draw(_ query: Camera, from context: [Frame], depth: Double) -> Image? {
    guard let frame = context.nearest(to: query, depth: depth) else { return nil }
    switch self {
    case .nearest:
      return frame.image.resized(to: query.intrinsics)
    case .plane:
      return frame.warped(to: query, depth: depth).image
    }
  }
}

extension Collection<Frame> {
  /// The frame whose picture is closest to what a query sees: by the angle, in radians, that the
  /// turn and the move (things being at `depth`) shift its content. The first of equals.
  public func nearest(to query: Camera, depth: Double) -> Frame? {
    let shifts = map { frame in
      frame.camera.pose.angle(to: query.pose)
        + (frame.camera.pose.position - query.pose.position).length / depth
    }
    return zip(self, shifts).min { $0.1 < $1.1 }?.0
  }
}

extension Frame {
  /// What a query would see if all the frame shows were on the plane at `depth`, in world units,
  /// that faces the query; and at which pixels it sees any of it.
  ///
  /// Bilinear, so a frame seen smaller than it is comes out aliased. Where the frame shows nothing
  /// of the plane, its own pixels are left standing.
  public func warped(to query: Camera, depth: Double) -> (image: Image, seen: [Bool]) {
    var image = image.resized(to: query.intrinsics)
    var seen = [Bool](repeating: false, count: image.width * image.height)
    let relative = query.pose.relative(to: camera.pose)
    for y in 0..<image.height {
      for x in 0..<image.width {
        let ray = query.intrinsics.direction(at: [Double(x) + 0.5, Double(y) + 0.5])
        guard let pixel = camera.intrinsics.project(relative * (ray * depth)),
          pixel.isInside(self.image)
        else { continue }
        image[x, y] = self.image.sample(at: pixel)
        seen[y * image.width + x] = true
      }
    }
    return (image, seen)
  }
}

extension SIMD2<Double> {
  fileprivate func isInside(_ image: Image) -> Bool {
    x >= 0 && y >= 0 && x < Double(image.width) && y < Double(image.height)
  }
}

extension Image {
  /// The same picture at a camera's size, each axis scaled by itself; bilinear.
  fileprivate func resized(to lens: Intrinsics) -> Image {
    guard lens.width != width || lens.height != height else { return self }
    var result = Image(width: lens.width, height: lens.height)
    let scale = SIMD2(Double(width) / Double(lens.width), Double(height) / Double(lens.height))
    for y in 0..<lens.height {
      for x in 0..<lens.width {
        result[x, y] = sample(at: SIMD2(Double(x) + 0.5, Double(y) + 0.5) * scale)
      }
    }
    return result
  }

  /// The colour at a pixel coordinate, between the four pixel centres around it.
  fileprivate func sample(at pixel: SIMD2<Double>) -> SIMD3<UInt8> {
    let (x, y) = (pixel.x - 0.5, pixel.y - 0.5)
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (u, v) = (Float(x - left), Float(y - top))
    let (x0, y0) = (max(0, Int(left)), max(0, Int(top)))
    let (x1, y1) = (min(Int(left) + 1, width - 1), min(Int(top) + 1, height - 1))
    let above = color(x0, y0) * (1 - u) + color(x1, y0) * u
    let below = color(x0, y1) * (1 - u) + color(x1, y1) * u
    return SIMD3<UInt8>(above * (1 - v) + below * v + 0.5)
  }

  private func color(_ x: Int, _ y: Int) -> SIMD3<Float> { SIMD3(self[x, y]) }
}
