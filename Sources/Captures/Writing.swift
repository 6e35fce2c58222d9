import Images
public import Scene

extension Capture {
  /// How a capture's images are written.
  public enum Format: Hashable, Sendable {
    /// The same pixels when read back.
    case png
    /// Smaller; quality from 1 to 100.
    case jpeg(quality: Int)
  }

  /// Writes a folder that `init(contentsOf:)` reads back: images and, bit by bit, cameras.
  ///
  /// The folder appears in one step when it is complete. It must not be there, or be empty.
  ///
  /// - Throws: `CaptureError` or `ImageError`.
  public static func write(
    frames: [Frame], up: SIMD3<Double>, scale: Double, to folder: String, as format: Format = .png
  ) throws {
    guard isFree(folder) else { throw CaptureError.occupied(folder: folder) }
    let files = frames.indices.map { imageName($0, format) }
    let transforms = try Transforms(frames, files: files, up: up, scale: scale, for: folder)
    let json = try transforms.json(for: folder)

    var partial = folder
    while partial.count > 1, partial.hasSuffix("/") { partial.removeLast() }
    partial += ".partial-\(UInt64.random(in: 0 ..< .max))"
    do {
      try makeFolder(partial)
      try makeFolder("\(partial)/images")
      for (frame, file) in zip(frames, files) {
        try save(frame.image.encoded(as: format), to: "\(partial)/\(file)")
      }
      try save(json, to: "\(partial)/transforms.json")
      guard rename(partial, folder) == 0 else { throw unwritable(folder) }
    } catch {
      remove(partial, files: files)
      throw error
    }
  }

  private static func imageName(_ i: Int, _ format: Format) -> String {
    let number = String(i + 1)
    let zeros = String(repeating: "0", count: max(0, 4 - number.count))
    return "images/\(zeros)\(number).\(format == .png ? "png" : "jpg")"
  }
}

extension Transforms {
  /// A lens that all cameras share is said once.
  init(_ cameras: [Camera], files: [String?]) {
    let lenses = cameras.map { Lens($0.intrinsics) }
    lens = lenses.first ?? Lens()
    frames = []
    for (i, camera) in cameras.enumerated() {
      frames.append(
        Entry(
          lens: lenses[i] == lens ? Lens() : lenses[i], file: files[i], matrix: camera.pose.openGL))
    }
  }

  /// What a capture's file says, checked by the rules for reading it.
  fileprivate init(
    _ frames: [Frame], files: [String], up: SIMD3<Double>, scale: Double, for folder: String
  ) throws {
    guard !frames.isEmpty else {
      throw CaptureError.invalid(file: folder, reason: "a capture needs a frame at least")
    }
    guard up.isFinite, up.length > 1e-9, scale.isFinite, scale > 0 else {
      throw CaptureError.invalid(
        file: folder, reason: "up = \(up) must be a direction, scale = \(scale) positive")
    }
    self.init(frames.map(\.camera), files: files)
    self.up = (0..<3).map { up[$0] }
    self.scale = scale
    for (i, frame) in frames.enumerated() {
      let location = Location(file: folder, part: "frame \(i + 1)")
      let intrinsics = try Intrinsics(
        Lens(frame.camera.intrinsics), imageWidth: frame.image.width,
        imageHeight: frame.image.height, at: location)
      guard intrinsics == frame.camera.intrinsics else {
        throw location.invalid("its intrinsics are for another size than its image has")
      }
      _ = try Pose(openGL: frame.camera.pose.openGL, at: location)
    }
  }
}

extension Image {
  fileprivate func encoded(as format: Capture.Format) -> [UInt8] {
    switch format {
    case .png: png()
    case .jpeg(let quality): jpeg(quality: quality)
    }
  }
}

// MARK: - Folders

/// `writeFile` with a capture's error.
func save(_ bytes: [UInt8], to path: String) throws {
  do {
    try writeFile(bytes, to: path)
  } catch ImageError.unwritable(let file, let reason) {
    throw CaptureError.unwritable(file: file, reason: reason)
  }
}

private func unwritable(_ path: String) -> CaptureError {
  .unwritable(file: path, reason: String(cString: strerror(errno)))
}

private func makeFolder(_ path: String) throws {
  guard mkdir(path, 0o755) == 0 else { throw unwritable(path) }
}

/// Whether there is nothing at a path, or an empty folder.
private func isFree(_ path: String) -> Bool {
  switch kind(of: path) {
  case .nothing: return true
  case .file: return false
  case .folder:
    guard let folder = opendir(path) else { return false }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name != [0x2E] && name != [0x2E, 0x2E] { return false }
    }
    return true
  }
}

/// Removes what `write` made, and nothing else.
private func remove(_ folder: String, files: [String]) {
  for file in files + ["transforms.json"] { unlink("\(folder)/\(file)") }
  rmdir("\(folder)/images")
  rmdir(folder)
}
