import Captures
import Foundation
import Generation
import Images
import Memory
import Scene

/// What a command walks in: the frames of a place at the model's size, and how to move there.
///
/// A class, since its vectors travel through async functions (see `Action`).
final class Place: Sendable {
  /// Where the frames are.
  private enum Source {
    case frames([Frame])
    case file(WorldFile)
  }

  let name: String
  let up: SIMD3<Double>
  let scale: Double
  /// Where a walk begins: where the last one ended, or at the first picture.
  let start: Camera
  private let source: Source
  private let size: Size

  /// Opens a world, a capture or a single photo, or the bundled world where none is named.
  ///
  /// - Parameters:
  ///   - size: width and height that frames are cropped and scaled to.
  ///   - fine: that a capture's frames are kept at, for views that are drawn more finely.
  ///   - save: the world file to go on in; made of the capture if it is not there.
  static func open(_ path: String?, size: Size, fine: Size? = nil, save: String? = nil) throws
    -> Place
  {
    let path = try Shelf.worlds.place(path)
    if isWorld(path) {
      guard save == nil else { throw PlaceError.isSaved(path) }
      return try Place(WorldFile(at: path), size: size)
    }
    try refuseUnposed(path)
    func open(_ capture: Capture) throws -> Place {
      guard let save else { return try Place(capture, size: size, fine: fine ?? size) }
      return try Place(file(at: save, of: capture, at: path), size: size)
    }
    return try Shots.isPhoto(path)
      ? SinglePhoto.withCapture(of: path, open) : open(Capture(contentsOf: path))
  }

  /// The world file that a capture's walk is saved in; made if it is not there.
  private static func file(at save: String, of capture: Capture, at path: String) throws
    -> WorldFile
  {
    if !FileManager.default.fileExists(atPath: save) {
      try capture.makeWorld(at: save)
      try Shelf.copyOwnModel(of: path, to: save)
    }
    let file = try WorldFile(at: save)
    guard file.place.name == capture.name else {
      throw PlaceError.isAnother(save, holds: file.place.name, not: capture.name)
    }
    guard try file.given() == capture.entries.map(\.camera) else {
      throw PlaceError.hasOthers(save, named: capture.name)
    }
    return file
  }

  /// - Throws: where a file is a video, or a picture of a kind that nobody reads here.
  static func refuseUnposed(_ path: String) throws {
    guard !Shots.isVideo(path) else { throw PlaceError.hasNoPoses(path) }
    try Shots.refuseForeign(path)
  }

  private init(_ capture: Capture, size: Size, fine: Size) throws {
    let frames = try capture.frames(width: fine.width, height: fine.height)
    (name, up, scale) = (capture.name, capture.up, capture.scale)
    start = frames[0].camera.fitted(size)
    source = .frames(frames)
    self.size = size
  }

  private init(_ file: WorldFile, size: Size) throws {
    guard let first = try file.firstCamera() ?? file.lastCamera() else {
      throw WorldFileError.damaged(file: file.path, reason: "it has no frames")
    }
    let last = try file.lastCamera()
    start = (last.map { Camera(intrinsics: first.intrinsics, pose: $0.pose) } ?? first).fitted(size)
    (name, up, scale) = (file.place.name, file.place.up, file.place.scale)
    source = .file(file)
    self.size = size
  }

  /// The same place with frames of another size.
  ///
  /// - Precondition: it is a world's file.
  func resized(_ size: Size) throws -> Place {
    guard let file else { preconditionFailure("Place.resized: a capture is opened at its size") }
    return try Place(file, size: size)
  }

  /// The world's file, where there is one.
  var file: WorldFile? {
    if case .file(let file) = source { file } else { nil }
  }

  /// The cameras of the given pictures, at the model's size; where there are none, where a walk begins.
  ///
  /// - Throws: `WorldFileError`
  func cameras() throws -> [Camera] {
    var cameras: [Camera] = []
    switch source {
    case .frames(let frames): cameras = frames.map { $0.camera.fitted(size) }
    case .file(let file):
      try file.forEachKeyframe { if $0.walk == nil { cameras.append($0.camera.fitted(size)) } }
    }
    return cameras.isEmpty ? [start] : cameras
  }

  /// A walking pace: 0.7 network units a second, which is 1.4 m where the scale is 2 m; slower where
  /// the given pictures were taken so close together that one would have left them at once.
  ///
  /// - Throws: `WorldFileError`
  var gait: Gait {
    get throws {
      let spread = Capture.spread(of: try cameras()) / Capture.trainedSpread
      return Gait(up: up, speed: 0.7 * (spread > 1e-9 ? min(scale, spread) : scale))
    }
  }

  /// A world that remembers these frames.
  ///
  /// - Parameters:
  ///   - author: what draws, where the walk is to be saved in the place's file.
  ///   - known: how many of the file's keyframes to take.
  ///   - walk: take what was known of them before that walk.
  func world(
    _ model: sending FrameModel, settings: World.Settings, author: World.Author? = nil,
    known: Int = .max, before walk: Int = .max
  ) async throws -> World {
    switch source {
    case .file(let file):
      return try World(
        model: model, file: file, width: size.width, height: size.height, settings: settings,
        author: author, known: known, before: walk)
    case .frames(let frames):
      let world = World(model: model, scale: scale, settings: settings)
      await world.add(frames, size: (size.width, size.height))
      return world
    }
  }
}

/// Whether a path means a world: a file that SQLite wrote, or that is called one. Anything else is a
/// capture.
func isWorld(_ path: String) -> Bool {
  if path.hasSuffix(".world") { return true }
  guard let file = FileHandle(forReadingAtPath: path) else { return false }
  return (try? file.read(upToCount: 16)) == Data("SQLite format 3\0".utf8)
}

extension Camera {
  fileprivate func fitted(_ size: Size) -> Camera {
    Camera(
      intrinsics: intrinsics.fitted(width: size.width, height: size.height), pose: pose)
  }
}

extension Capture {
  /// Makes a world of the capture's pictures, byte for byte.
  func makeWorld(at path: String, name: String? = nil) throws {
    try WorldFile.create(
      at: path, place: PlaceRecord(name: name ?? self.name, up: up, scale: scale), count: count
    ) { i in
      KeyframeRecord(id: i, camera: entries[i].camera, picture: try checkedPicture(i))
    }
  }

  /// A picture that can be decoded: what is kept for ever is looked at first.
  private func checkedPicture(_ i: Int) throws -> ImageFile {
    let picture = try picture(i)
    _ = try picture.image(name: entries[i].path)
    return picture
  }
}

extension WorldFile {
  /// The cameras of the pictures that it was made of.
  fileprivate func given() throws -> [Camera] {
    var cameras: [Camera] = []
    try forEachKeyframe { if $0.walk == nil { cameras.append($0.camera) } }
    return cameras
  }

  /// Makes a capture of the keyframes, or of the given ones alone; returns how many they are.
  func export(to folder: String, givenOnly: Bool, layout: Capture.Layout) throws -> Int {
    var keyframes: [(id: Int, camera: Camera)] = []
    try forEachKeyframe { keyframe in
      if !givenOnly || keyframe.walk == nil { keyframes.append((keyframe.id, keyframe.camera)) }
    }
    try Capture.write(
      cameras: keyframes.map(\.camera), up: place.up, scale: place.scale, to: folder, layout: layout
    ) { try picture(of: keyframes[$0].id) }
    return keyframes.count
  }
}

/// A capture, or what a world was made of, to be measured by.
func withCapture<R>(at path: String, _ body: (Capture) throws -> R) throws -> R {
  guard isWorld(path) else {
    try Place.refuseUnposed(path)
    guard !Shots.isPhoto(path) else { throw PlaceError.isOnePhoto(path) }
    return try body(Capture(contentsOf: Shelf.worlds.place(path)))
  }
  return try withTemporaryFolder { folder in
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let file = try WorldFile(at: path)
    _ = try file.export(to: "\(folder)/\(name)", givenOnly: true, layout: .nerfstudio)
    try file.close()
    return try body(Capture(contentsOf: "\(folder)/\(name)"))
  }
}

/// A world that was not meant.
enum PlaceError: Error, CustomStringConvertible {
  case hasNoPoses(String)
  case isOnePhoto(String)
  case isSaved(String)
  case isAnother(String, holds: String, not: String)
  case hasOthers(String, named: String)

  var description: String {
    switch self {
    case .hasNoPoses(let path):
      "\(path): is a video; make a place of it first: rtfm ingest \(path) --out PLACE"
    case .isOnePhoto(let path):
      "\(path): is one photo; this takes a place of several, drawn from one another: a folder of photos "
        + "with their poses (rtfm ingest), or a world's file"
    case .isSaved(let path):
      "\(path): is saved as you walk in it, so --save is for captures; to leave it as it is, walk "
        + "in a copy: rtfm world branch"
    case .hasOthers(let path, let name):
      "\(path): was made of other pictures than '\(name)' has now; choose another name, or give it "
        + "alone to go on in it"
    case .isAnother(let path, let name, let other):
      "\(path): holds the place '\(name)', not '\(other)'; choose another name, or give it alone to "
        + "go on in it"
    }
  }
}
