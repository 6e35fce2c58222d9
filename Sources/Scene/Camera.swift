/// What a lens and sensor do, without distortion: a pinhole in pixels.
///
/// The origin is the image's top left corner, so the first pixel's centre is at (0.5, 0.5).
public struct Intrinsics: Hashable, Sendable {
  /// Image size in pixels.
  public var width: Int
  public var height: Int
  /// Focal lengths in pixels.
  public var focal: SIMD2<Double>
  /// Principal point in pixels.
  public var center: SIMD2<Double>

  public init(width: Int, height: Int, focal: SIMD2<Double>, center: SIMD2<Double>) {
    self.width = width
    self.height = height
    self.focal = focal
    self.center = center
  }

  /// A centred lens with square pixels and a horizontal field of view in radians.
  public init(width: Int, height: Int, horizontalFieldOfView angle: Double) {
    let f = Double(width) / 2 / tan(angle / 2)
    self.init(
      width: width, height: height, focal: [f, f],
      center: [Double(width) / 2, Double(height) / 2])
  }

  public var horizontalFieldOfView: Double { 2 * atan(Double(width) / 2 / focal.x) }

  /// The same lens on an image of another size, each axis scaled by itself.
  public func resized(width w: Int, height h: Int) -> Intrinsics {
    let s = SIMD2(Double(w) / Double(width), Double(h) / Double(height))
    return Intrinsics(width: w, height: h, focal: focal * s, center: center * s)
  }

  /// The same lens behind a window cut out of the image.
  public func cropped(x: Int, y: Int, width w: Int, height h: Int) -> Intrinsics {
    Intrinsics(width: w, height: h, focal: focal, center: center - SIMD2(Double(x), Double(y)))
  }

  /// The largest centred window of another shape, scaled to that size.
  ///
  /// The window is in whole pixels; each axis is then scaled by itself.
  public func fitted(width w: Int, height h: Int) -> Intrinsics {
    let window = centeredWindow(width: w, height: h)
    return cropped(x: window.x, y: window.y, width: window.width, height: window.height)
      .resized(width: w, height: h)
  }

  /// The largest centred window of the shape of `w` x `h`, in whole pixels.
  public func centeredWindow(width w: Int, height h: Int)
    -> (x: Int, y: Int, width: Int, height: Int)
  {
    let cropWidth = min(width, max(1, (height * w + h / 2) / h))
    let cropHeight = min(height, max(1, (width * h + w / 2) / w))
    return ((width - cropWidth) / 2, (height - cropHeight) / 2, cropWidth, cropHeight)
  }

  /// The camera-space direction through a pixel coordinate, at depth z = 1.
  public func direction(at pixel: SIMD2<Double>) -> SIMD3<Double> {
    let p = (pixel - center) / focal
    return [p.x, p.y, 1]
  }

  /// Where a camera-space point lands, in pixels; nil behind the camera.
  public func project(_ point: SIMD3<Double>) -> SIMD2<Double>? {
    guard point.z > 1e-9 else { return nil }
    return SIMD2(point.x, point.y) / point.z * focal + center
  }

  public func contains(_ pixel: SIMD2<Double>) -> Bool {
    pixel.x >= 0 && pixel.y >= 0 && pixel.x < Double(width) && pixel.y < Double(height)
  }
}

/// A lens at a place: intrinsics and pose.
public struct Camera: Hashable, Sendable {
  public var intrinsics: Intrinsics
  public var pose: Pose

  public init(intrinsics: Intrinsics, pose: Pose) {
    self.intrinsics = intrinsics
    self.pose = pose
  }

  /// Where a world point lands in this camera's image, in pixels; nil behind the camera.
  public func project(_ point: SIMD3<Double>) -> SIMD2<Double>? {
    intrinsics.project(pose.inverse * point)
  }

  /// Whether a world point lands inside the image (occlusion left aside).
  public func sees(_ point: SIMD3<Double>) -> Bool {
    project(point).map(intrinsics.contains) ?? false
  }

  /// The world point at depth z (along the viewing axis, not the ray) behind a pixel.
  public func unproject(_ pixel: SIMD2<Double>, depth: Double) -> SIMD3<Double> {
    pose * (intrinsics.direction(at: pixel) * depth)
  }
}
