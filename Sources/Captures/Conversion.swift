import Scene

extension Pose {
  /// From a 4 x 4 camera-to-world matrix in rows with OpenGL's camera axes (x right, y up, z
  /// backwards): the y and z columns change their signs.
  init(openGL rows: [[Double]], at location: Location) throws {
    guard rows.count == 4, rows.allSatisfy({ $0.count == 4 }) else {
      let shape = "\(rows.count) rows of \(rows.map(\.count).max() ?? 0)"
      throw location.invalid("transform_matrix must be 4 rows of 4 numbers, not \(shape)")
    }
    guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw location.invalid("transform_matrix has a number that is not finite")
    }
    guard rows.allSatisfy({ abs($0[3]) <= Pose.farthest }) else {
      throw location.invalid(
        "transform_matrix stands farther than \(Pose.farthest) from the origin")
    }
    guard zip(rows[3], [0, 0, 0, 1]).allSatisfy({ abs($0 - $1) < 1e-6 }) else {
      throw location.invalid("transform_matrix must end with the row 0 0 0 1, not \(rows[3])")
    }
    func column(_ i: Int, _ sign: Double) -> SIMD3<Double> {
      SIMD3(rows[0][i], rows[1][i], rows[2][i]) * sign
    }
    let rotation = Matrix3(columns: column(0, 1), column(1, -1), column(2, -1))
    self.init(rotation: try rotation.rectified(at: location), position: column(3, 1))
  }

  /// The 4 x 4 matrix in rows that `init(openGL:at:)` reads.
  var openGL: [[Double]] {
    let (x, y, z) = (rotation.x, rotation.y * -1, rotation.z * -1)
    return (0..<3).map { [x[$0], y[$0], z[$0], position[$0]] } + [[0, 0, 0, 1]]
  }
}

extension Matrix3 {
  /// The nearest rotation; an error where that is not near.
  fileprivate func rectified(at location: Location) throws -> Matrix3 {
    let error = orthonormalityError
    guard error <= Pose.rotationTolerance else {
      throw location.invalid(
        "the rotation in transform_matrix is not orthonormal (off by \(Float(error))); "
          + "matrices with scale or shear cannot be used")
    }
    guard determinant > 0 else {
      throw location.invalid(
        "the rotation in transform_matrix mirrors (determinant -1); flip one of its axes")
    }
    return orthonormalized
  }
}

extension Intrinsics {
  /// From the keys of a lens, for an image of the given size.
  ///
  /// Where the file was written for another size of the same shape (within 1 %), it is scaled.
  init(_ lens: Lens, imageWidth: Int, imageHeight: Int, at location: Location) throws {
    try lens.refuseDistortion(at: location)
    let width = try lens.length(.width, or: imageWidth, at: location)
    let height = try lens.length(.height, or: imageHeight, at: location)
    let (w, h) = (Double(width), Double(height))

    let focalX = try lens.focal(.focalX, angle: .angleX, side: w, at: location)
    let focalY = try lens.focal(.focalY, angle: .angleY, side: h, at: location)
    guard let x = focalX ?? focalY, let y = focalY ?? focalX else {
      throw location.invalid("has no focal length; give fl_x, or camera_angle_x in radians")
    }
    let center = SIMD2(lens[.centerX] ?? w / 2, lens[.centerY] ?? h / 2)
    guard center.x >= -w, center.x <= 2 * w, center.y >= -h, center.y <= 2 * h else {
      throw location.invalid(
        "the principal point (\(center.x), \(center.y)) is far outside of the image of "
          + "\(width) x \(height) pixels; cx and cy are in pixels")
    }
    let stretch = Double(imageWidth) / w / (Double(imageHeight) / h)
    guard abs(stretch - 1) <= 0.01 else {
      throw location.invalid(
        "the image has \(imageWidth) x \(imageHeight) pixels, but w and h say "
          + "\(width) x \(height), which is another shape")
    }
    self = Intrinsics(width: width, height: height, focal: [x, y], center: center)
    if (width, height) != (imageWidth, imageHeight) {
      self = resized(width: imageWidth, height: imageHeight)
    }
  }
}

extension Lens {
  init(_ intrinsics: Intrinsics) {
    self.init(
      numbers: [
        .width: Double(intrinsics.width), .height: Double(intrinsics.height),
        .focalX: intrinsics.focal.x, .focalY: intrinsics.focal.y,
        .centerX: intrinsics.center.x, .centerY: intrinsics.center.y,
      ], model: "PINHOLE")
  }

  /// Whether the lens says how its image is formed; otherwise a default must.
  var hasFocal: Bool { [.focalX, .focalY, .angleX, .angleY].contains { self[$0] != nil } }

  fileprivate func refuseDistortion(at location: Location) throws {
    let advice = "undistort the images first, for example with colmap image_undistorter"
    if let model, ["FISHEYE", "EQUIRECT"].contains(where: model.uppercased().contains) {
      throw location.invalid("the camera model is \(model), not a pinhole; \(advice)")
    }
    for key in Key.distortion {
      guard let k = self[key], !(abs(k) <= 1e-3) else { continue }
      throw location.invalid("the lens distorts (\(key.rawValue) = \(k)); \(advice)")
    }
  }

  fileprivate func length(_ key: Key, or size: Int, at location: Location) throws -> Int {
    guard let number = self[key] else { return size }
    guard number >= 1, number <= 1e6, number == number.rounded() else {
      throw location.invalid("\(key.rawValue) = \(number) is no image size in pixels")
    }
    return Int(number)
  }

  fileprivate func focal(_ key: Key, angle: Key, side: Double, at location: Location) throws
    -> Double?
  {
    if let focal = self[key] {
      guard focal > 0, focal.isFinite else {
        throw location.invalid("\(key.rawValue) = \(focal) must be positive")
      }
      return focal
    }
    guard let a = self[angle] else { return nil }
    guard a > 0, a < .pi else {
      throw location.invalid("\(angle.rawValue) = \(a) must be between 0 and pi")
    }
    return side / 2 / tan(a / 2)
  }
}
