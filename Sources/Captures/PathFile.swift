public import Scene

/// Walks on disk: a `transforms.json` without images, and so readable by other programs.
///
///     {"w": 256, "h": 256, "fl_x": 220, "frames": [{"transform_matrix": [[1, 0, 0, 0], ...]}]}
extension Path {
  /// Reads the cameras of a walk; a frame with no focal length of its own or shared takes the
  /// default.
  ///
  /// The file of a capture is a path, too. An image size that is not given is the default's.
  ///
  /// - Throws: `CaptureError`, naming the file and the frame.
  public init(contentsOf path: String, defaultIntrinsics: Intrinsics) throws {
    guard kind(of: path) != .nothing else {
      throw CaptureError.missing(file: path, reason: "there is no such file")
    }
    let transforms = try Transforms(contentsOf: path)
    guard !transforms.frames.isEmpty else {
      throw CaptureError.invalid(file: path, reason: "\"frames\" is empty; there is nowhere to go")
    }
    self.init(
      cameras: try transforms.frames.enumerated().map { i, frame in
        let location = Location(file: path, part: "frame \(i + 1)")
        let lens = frame.lens.or(transforms.lens)
        return Camera(
          intrinsics: try lens.intrinsics(default: defaultIntrinsics, at: location),
          pose: try Pose(openGL: frame.matrix, at: location))
      })
  }

  /// Writes the cameras, to be read back bit by bit; the file is replaced in one step.
  public func write(to path: String) throws {
    let transforms = Transforms(cameras, files: Array(repeating: nil, count: cameras.count))
    try save(transforms.json(for: path), to: path)
  }
}

extension Lens {
  fileprivate func intrinsics(default other: Intrinsics, at location: Location) throws
    -> Intrinsics
  {
    guard hasFocal else { return other }
    let width = self[.width].flatMap { Int(exactly: $0) } ?? other.width
    let height = self[.height].flatMap { Int(exactly: $0) } ?? other.height
    return try Intrinsics(self, imageWidth: width, imageHeight: height, at: location)
  }
}
