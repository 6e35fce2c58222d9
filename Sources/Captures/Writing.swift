import Foundation
public import Images
public import Scene

extension Capture {
  /// How a capture's images are written.
  public enum Format: Hashable, Sendable {
    /// The same pixels when read back.
    case png
    /// Smaller; quality from 1 to 100.
    case jpeg(quality: Int)
  }

  /// The programs whose folders can be written.
  public enum Layout: String, CaseIterable, Sendable {
    /// `transforms.json` beside `images`; cameras come back bit by bit.
    case nerfstudio
    /// COLMAP's text model in `sparse/0`, of posed images without points, beside `images`; poses come
    /// back within Float64's rounding.
    case colmap
  }

  /// Writes a folder that `init(contentsOf:)` reads back: images and, bit by bit, cameras.
  ///
  /// The folder appears in one step when it is complete. It must not be there, or be empty.
  ///
  /// - Throws: `CaptureError` or `ImageError`.
  public static func write(
    frames: [Frame], up: SIMD3<Double>, scale: Double, to folder: String, as format: Format = .png
  ) throws {
    try write(cameras: frames.map(\.camera), up: up, scale: scale, to: folder) { i in
      try ImageFile(frames[i].image.encoded(as: format), name: "frame \(i + 1)")
    }
  }

  /// Writes a folder of pictures that are files already, byte for byte, one after the other.
  ///
  /// - Parameter picture: the file of the i-th camera, whose intrinsics are about its pixels.
  /// - Throws: `CaptureError`, `ImageError`, or what `picture` throws; nothing is left behind then.
  public static func write(
    cameras: [Camera], up: SIMD3<Double>, scale: Double, to folder: String,
    layout: Layout = .nerfstudio, picture: (Int) throws -> ImageFile
  ) throws {
    try checkFree(folder)
    guard !cameras.isEmpty else {
      throw CaptureError.invalid(file: folder, reason: "a capture needs a frame at least")
    }
    guard up.isFinite, up.length > 1e-9, scale.isFinite, scale > 0 else {
      throw CaptureError.invalid(
        file: folder, reason: "up = \(up) must be a direction, scale = \(scale) positive")
    }
    let partial = try PartialFolder(for: folder)
    do {
      try partial.makeFolder("images")
      var names: [String] = []
      for (i, camera) in cameras.enumerated() {
        let picture = try picture(i)
        try check(camera, picture, at: Location(file: folder, part: "frame \(i + 1)"))
        names.append("\(number(i + 1, of: cameras.count)).\(picture.kind.fileExtension)")
        try partial.save(picture.bytes, as: "images/\(names[i])")
      }
      switch layout {
      case .nerfstudio:
        var transforms = Transforms(cameras, files: names.map { "images/\($0)" })
        (transforms.up, transforms.scale) = ((0..<3).map { up[$0] }, scale)
        try partial.save(transforms.json(for: folder), as: "transforms.json")
      case .colmap:
        try partial.makeFolder("sparse")
        try partial.makeFolder("sparse/0")
        let model = ColmapModel(cameras, names: names, up: up, scale: scale)
        for (name, text) in model.texts {
          try partial.save(Array(text.utf8), as: "sparse/0/\(name)")
        }
      }
      try partial.finish()
    } catch {
      partial.remove()
      throw error
    }
  }

  /// A number with as many zeros as bring all names into their order.
  private static func number(_ i: Int, of count: Int) -> String {
    let (number, digits) = (String(i), max(4, String(count).count))
    return String(repeating: "0", count: digits - number.count) + number
  }

  /// Holds a frame against the rules for reading it.
  private static func check(_ camera: Camera, _ picture: ImageFile, at location: Location) throws {
    let size = try picture.size(name: location.file)
    let intrinsics = try Intrinsics(
      Lens(camera.intrinsics), imageWidth: size.width, imageHeight: size.height, at: location)
    guard intrinsics == camera.intrinsics else {
      throw location.invalid("its intrinsics are for another size than its image has")
    }
    _ = try Pose(openGL: camera.pose.openGL, at: location)
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

/// A folder in the making, under a name of its own until it is complete. Where an empty folder is there
/// already, it may be a disk's or a link's: what is made inside of it moves up.
private final class PartialFolder {
  private let folder: String
  private let path: String
  private let isThere: Bool
  private var files: [String] = []
  private var folders: [String] = []

  init(for folder: String) throws {
    var name = folder
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    self.folder = folder
    isThere = kind(of: folder) == .folder
    path = name + (isThere ? "/" : "") + ".partial-\(UInt64.random(in: 0 ..< .max))"
    guard mkdir(path, 0o755) == 0 else { throw unwritable(path) }
  }

  func makeFolder(_ name: String) throws {
    guard mkdir("\(path)/\(name)", 0o755) == 0 else { throw unwritable("\(path)/\(name)") }
    folders.append(name)
  }

  func save(_ bytes: [UInt8], as name: String) throws {
    files.append(name)
    try Captures.save(bytes, to: "\(path)/\(name)")
  }

  func finish() throws {
    guard isThere else {
      guard rename(path, folder) == 0 else { throw unwritable(folder) }
      return
    }
    // What says that the folder is a capture is saved last, and comes last here, too.
    for name in folders.filter({ !$0.contains("/") }) + files.filter({ !$0.contains("/") }) {
      guard rename("\(path)/\(name)", "\(folder)/\(name)") == 0 else { throw unwritable(folder) }
    }
    rmdir(path)
  }

  /// Removes what was made here, and nothing else.
  func remove() {
    for file in files { unlink("\(path)/\(file)") }
    for folder in folders.reversed() { rmdir("\(path)/\(folder)") }
    rmdir(path)
  }
}

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

extension Capture {
  /// Sees to it that a folder can be written, before minutes are spent on what goes into it.
  ///
  /// - Throws: `CaptureError.occupied` where it is there and not empty, `.unwritable` where nothing can
  ///   be there.
  package static func checkFree(_ folder: String) throws {
    guard kind(of: folder) != .file else {
      throw CaptureError.unwritable(
        file: folder, reason: "it is a file, and a folder is to be made")
    }
    guard isFree(folder) else { throw CaptureError.occupied(folder: folder) }
    let parent = URL(fileURLWithPath: folder).deletingLastPathComponent().path
    guard access(parent, W_OK | X_OK) == 0 else {
      throw CaptureError.unwritable(
        file: folder, reason: "'\(parent)': \(String(cString: strerror(errno)))")
    }
  }
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
