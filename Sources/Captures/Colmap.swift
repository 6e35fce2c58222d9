import Images
import Scene

/// What a COLMAP model says of posed images: lenses, world-to-camera poses, names of files.
///
/// Points are neither read nor written. Two comments of ours, which COLMAP skips, carry the
/// direction against gravity and the scale.
struct ColmapModel {
  struct Image {
    var name: String
    var camera: Int
    /// World to camera: w, x, y, z.
    var rotation: [Double]
    var translation: [Double]
  }

  var lenses: [Int: Lens] = [:]
  var images: [Image] = []
  var up: [Double]?
  var scale: Double?

  /// COLMAP's camera models by their numbers: a name, and what each parameter is.
  static let models: [(name: String, keys: [Lens.Key])] = [
    ("SIMPLE_PINHOLE", [.focalX, .centerX, .centerY]),
    ("PINHOLE", [.focalX, .focalY, .centerX, .centerY]),
    ("SIMPLE_RADIAL", [.focalX, .centerX, .centerY, .k1]),
    ("RADIAL", [.focalX, .centerX, .centerY, .k1, .k2]),
    ("OPENCV", [.focalX, .focalY, .centerX, .centerY, .k1, .k2, .p1, .p2]),
  ]
}

// MARK: - Writing

extension ColmapModel {
  /// Cameras with the same lens share it.
  init(_ cameras: [Camera], names: [String], up: SIMD3<Double>, scale: Double) {
    var numbers: [Intrinsics: Int] = [:]
    for (camera, name) in zip(cameras, names) {
      let number = numbers[camera.intrinsics] ?? numbers.count + 1
      numbers[camera.intrinsics] = number
      lenses[number] = Lens(camera.intrinsics)
      let view = camera.pose.inverse
      let t = view.position
      images.append(
        Image(
          name: name, camera: number, rotation: view.rotation.quaternion,
          translation: [t.x, t.y, t.z]))
    }
    self.up = (0..<3).map { up[$0] }
    self.scale = scale
  }

  /// The three files of a text model.
  var texts: [(name: String, text: String)] {
    let cameras = lenses.sorted { $0.key < $1.key }.map { id, lens in
      let keys: [Lens.Key] = [.width, .height, .focalX, .focalY, .centerX, .centerY]
      let numbers = keys.enumerated().map { i, key in
        i < 2 ? "\(Int(lens[key] ?? 0))" : "\(lens[key] ?? 0)"
      }
      return "\(id) PINHOLE \(numbers.joined(separator: " "))\n"
    }
    let images = images.enumerated().map { i, image in
      let numbers = (image.rotation + image.translation).map { "\($0)" }.joined(separator: " ")
      return "\(i + 1) \(numbers) \(image.camera) \(image.name)\n\n"
    }
    let ours =
      "# rtfm_up \((up ?? []).map { "\($0)" }.joined(separator: " "))\n"
      + "# rtfm_scale \(scale ?? 1)\n"
    return [
      (
        "cameras.txt",
        "# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n" + ours + cameras.joined()
      ),
      (
        "images.txt",
        "# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME; then POINTS2D[]\n"
          + images.joined()
      ),
      ("points3D.txt", "# no points\n"),
    ]
  }
}

extension Matrix3 {
  /// The unit quaternion w, x, y, z of a rotation, from the largest of its components (Shepperd).
  var quaternion: [Double] {
    let m = [[x.x, y.x, z.x], [x.y, y.y, z.y], [x.z, y.z, z.z]]
    let trace = m[0][0] + m[1][1] + m[2][2]
    let i = (0..<3).max { m[$0][$0] < m[$1][$1] }!
    var q = [0.0, 0, 0, 0]
    if trace >= m[i][i] {
      q = [1 + trace, m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]]
    } else {
      let (j, k) = ((i + 1) % 3, (i + 2) % 3)
      q[0] = m[k][j] - m[j][k]
      q[i + 1] = 1 + m[i][i] - m[j][j] - m[k][k]
      q[j + 1] = m[j][i] + m[i][j]
      q[k + 1] = m[k][i] + m[i][k]
    }
    let length = q.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return q.map { $0 / length }
  }

  /// The rotation of a quaternion w, x, y, z of any length but zero.
  init(quaternion q: [Double]) {
    let s = 2 / q.reduce(0) { $0 + $1 * $1 }
    let (w, x, y, z) = (q[0], q[1], q[2], q[3])
    self.init(
      columns: [1 - s * (y * y + z * z), s * (x * y + w * z), s * (x * z - w * y)],
      [s * (x * y - w * z), 1 - s * (x * x + z * z), s * (y * z + w * x)],
      [s * (x * z + w * y), s * (y * z - w * x), 1 - s * (x * x + y * y)])
  }
}

// MARK: - To a capture

extension ColmapModel {
  /// Where a folder has a model: itself, or where COLMAP's tools put it.
  static func folder(in folder: String) -> String? {
    ["", "/sparse/0", "/sparse", "/colmap/sparse/0"].map { folder + $0 }.first { path in
      ["txt", "bin"].contains { end in
        kind(of: "\(path)/cameras.\(end)") == .file && kind(of: "\(path)/images.\(end)") == .file
      }
    }
  }

  /// The posed images as a capture's entries, in the order of their names.
  func entries(in folder: String, model: String) throws -> [Capture.Entry] {
    try images.sorted { $0.name < $1.name }.map { image in
      let location = Location(file: model, part: "image \(image.name)")
      guard let lens = lenses[image.camera] else {
        throw location.invalid("there is no camera \(image.camera)")
      }
      let places = ["\(folder)/images/\(image.name)", "\(folder)/\(image.name)"]
      guard let path = places.first(where: { kind(of: $0) == .file }) else {
        throw CaptureError.missing(
          file: places[0], reason: "there is no such image; \(model) names it")
      }
      let (width, height) = try Scene.Image.size(ofFile: path)
      let intrinsics = try Intrinsics(lens, imageWidth: width, imageHeight: height, at: location)
      return Capture.Entry(
        path: path, camera: Camera(intrinsics: intrinsics, pose: try image.pose(at: location)))
    }
  }
}

extension ColmapModel.Image {
  fileprivate func pose(at location: Location) throws -> Pose {
    let length = rotation.reduce(0) { $0 + $1 * $1 }
    guard (rotation + translation).allSatisfy(\.isFinite), abs(length - 1) < 1e-3 else {
      throw location.invalid("its rotation is no unit quaternion, or a number is not finite")
    }
    guard translation.allSatisfy({ abs($0) <= Pose.farthest }) else {
      throw location.invalid("it stands farther than \(Pose.farthest) from the origin")
    }
    let view = Pose(
      rotation: Matrix3(quaternion: rotation),
      position: SIMD3(translation[0], translation[1], translation[2]))
    return view.inverse
  }
}
