import Images
import Scene

extension Capture {
  /// Opens a folder with a `transforms.json`, or such a file under any name, or a folder with a
  /// COLMAP model (text or binary, there or in `sparse/0`) and its images.
  ///
  /// The format is that of nerfstudio and instant-ngp: lenses for all frames or for each (`fl_x`,
  /// `fl_y`, `cx`, `cy`, `w`, `h`, or `camera_angle_x`), OpenGL camera-to-world matrices, image
  /// paths relative to the file, with or without their extension. Distorted lenses are refused.
  ///
  /// - Throws: `CaptureError` or `ImageError`, naming the file and the frame.
  public init(contentsOf path: String) throws {
    if kind(of: "\(path)/transforms.json") == .nothing, let model = ColmapModel.folder(in: path) {
      try self.init(colmap: model, in: path)
    } else {
      try self.init(transforms: Self.transforms(at: path))
    }
  }

  private init(transforms file: String) throws {
    let folder = parent(of: file)
    let transforms = try Transforms(contentsOf: file)
    guard !transforms.frames.isEmpty else {
      throw CaptureError.invalid(file: file, reason: "\"frames\" is empty; nothing can be seen")
    }
    name = lastComponent(of: folder)
    entries = try transforms.frames.enumerated().map { i, frame in
      let part = "frame \(i + 1)" + (frame.file.map { " (\($0))" } ?? "")
      return try Entry(
        frame, shared: transforms.lens, folder: folder, at: Location(file: file, part: part))
    }
    let cameras = entries.map(\.camera)
    up = try checkedUp(transforms.up, at: file) ?? Self.up(of: cameras)
    scale = 1  // until there is something to guess by
    scale = try checkedScale(transforms.scale, at: file) ?? guessedScale()
  }

  private init(colmap file: String, in folder: String) throws {
    let model = try ColmapModel(contentsOf: file)
    guard !model.images.isEmpty else {
      throw CaptureError.invalid(file: file, reason: "the model has no images; nothing can be seen")
    }
    name = lastComponent(of: folder)
    entries = try model.entries(in: folder, model: file)
    let cameras = entries.map(\.camera)
    up = try checkedUp(model.up, at: file) ?? Self.up(of: cameras)
    scale = 1  // until there is something to guess by
    scale = try checkedScale(model.scale, at: file) ?? guessedScale()
  }

  /// By what the pictures show, or else by the cameras.
  private func guessedScale() -> Double {
    medianDepth().map { $0 / Self.trainedDepth } ?? Self.scale(of: entries.map(\.camera))
  }

  private static func transforms(at path: String) throws -> String {
    switch kind(of: path) {
    case .file: return path
    case .nothing: throw CaptureError.missing(file: path, reason: "there is no such folder")
    case .folder:
      let file = "\(path)/transforms.json"
      guard kind(of: file) == .file else {
        throw CaptureError.missing(
          file: path,
          reason:
            "has no transforms.json and no COLMAP model, one of which says where each picture "
            + "was taken; `rtfm ingest` finds that out from the pictures alone")
      }
      return file
    }
  }
}

extension Capture.Entry {
  fileprivate init(
    _ frame: Transforms.Entry, shared: Lens, folder: String, at location: Location
  ) throws {
    guard let file = frame.file, !file.isEmpty else { throw location.invalid("has no file_path") }
    guard let path = imagePath(file, in: folder) else {
      throw CaptureError.missing(
        file: file.hasPrefix("/") ? file : "\(folder)/\(file)",
        reason: "there is no such image; \(location.file) names it")
    }
    let pose = try Pose(openGL: frame.matrix, at: location)
    let (width, height) = try Image.size(ofFile: path)
    let intrinsics = try Intrinsics(
      frame.lens.or(shared), imageWidth: width, imageHeight: height, at: location)
    self.init(path: path, camera: Camera(intrinsics: intrinsics, pose: pose))
  }
}

private func checkedUp(_ up: [Double]?, at file: String) throws -> SIMD3<Double>? {
  guard let up else { return nil }
  guard up.count == 3, case let v = SIMD3(up[0], up[1], up[2]), v.isFinite, v.length > 1e-9 else {
    throw CaptureError.invalid(file: file, reason: "rtfm_up = \(up) is no direction")
  }
  // A unit vector is taken as it is, so that what we wrote is read back bit by bit.
  return abs(v.length - 1) < 1e-12 ? v : v.normalized
}

private func checkedScale(_ scale: Double?, at file: String) throws -> Double? {
  guard let scale else { return nil }
  guard scale > 0, scale.isFinite else {
    throw CaptureError.invalid(file: file, reason: "rtfm_scale = \(scale) must be positive")
  }
  return scale
}

// MARK: - Paths of files

enum Kind { case file, folder, nothing }

func kind(of path: String) -> Kind {
  var status = stat()
  guard stat(path, &status) == 0 else { return .nothing }
  return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
}

func parent(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The name of a file or folder; of `.` and the like, the name that it has where it is.
func lastComponent(of path: String) -> String {
  let resolved = realpath(path, nil)
  defer { free(resolved) }
  let full = resolved.map { String(cString: $0) } ?? path
  return full.split(separator: "/").last.map(String.init) ?? full
}

/// The file that a `file_path` means: as it is written, or with an image's extension added.
private func imagePath(_ file: String, in folder: String) -> String? {
  let file = file.hasPrefix("./") ? String(file.dropFirst(2)) : file
  let path = file.hasPrefix("/") ? file : "\(folder)/\(file)"
  let candidates = ["", ".png", ".jpg", ".jpeg", ".PNG", ".JPG", ".JPEG"].map { path + $0 }
  return candidates.first { kind(of: $0) == .file }
}
