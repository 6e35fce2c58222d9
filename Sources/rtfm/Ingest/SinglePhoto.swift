import Captures
import Foundation
import Images
import Scene

/// A single photo as a place: it stands where it stands, and all it needs is a lens.
struct SinglePhoto {
  let picture: ImageFile
  let camera: Camera
  /// Whether the file says which lens took it; if not, a telephone's is supposed.
  let knowsLens: Bool

  init(_ shots: Shots) throws {
    picture = try ImageFile(contentsOf: shots.path(0))
    let image = try picture.image(name: shots.path(0))
    let longest = Double(max(image.width, image.height))
    let focal = (shots.focal ?? StructureFromMotion.usualFocal) * longest
    let lens = Intrinsics(
      width: image.width, height: image.height, focal: [focal, focal],
      center: [Double(image.width) / 2, Double(image.height) / 2])
    camera = Camera(intrinsics: lens, pose: Pose())
    knowsLens = shots.focal != nil
  }

  /// Writes a capture's folder.
  func write(to folder: String) throws {
    try Capture.write(cameras: [camera], up: [0, -1, 0], scale: 1, to: folder) { _ in picture }
  }

  /// A capture of the photo in that file, called like it, for as long as `body` takes.
  ///
  /// - Throws: `IngestError` or `ImageError`, and what `body` throws.
  static func withCapture<R>(of file: String, _ body: (Capture) throws -> R) throws -> R {
    guard FileManager.default.fileExists(atPath: file) else {
      throw IngestError("'\(file)' is not there")
    }
    let photo = try withTemporaryFolder {
      try SinglePhoto(Shots(photos: file, to: $0, longest: 1280))
    }
    return try withTemporaryFolder { folder in
      let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
      try photo.write(to: "\(folder)/\(name)")
      return try body(Capture(contentsOf: "\(folder)/\(name)"))
    }
  }
}

/// Gives `body` a folder that is gone afterwards.
func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("rtfm-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}
