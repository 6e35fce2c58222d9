import Dispatch
import Foundation
import Images
import Scene
import Synchronization

/// The pictures whose poses are looked for, in a folder of their own: upright, no larger than wanted,
/// `0001.jpg` and so on in their order.
struct Shots {
  let folder: String
  /// What they are called where they come from.
  let names: [String]
  /// Whether neighbours show much the same, as a video's do.
  let isSequence: Bool
  /// The lens's focal length over the longer side of a picture, by what the cameras wrote down.
  let focal: Double?
  /// Whether one lens took all of them.
  let isOneLens: Bool

  private static let photoEndings = ["jpg", "jpeg", "png"]
  /// Of pictures that neither we nor ffmpeg's videos have.
  private static let foreignEndings = [
    "heic", "heif", "avif", "webp", "tif", "tiff", "bmp", "gif", "dng", "jxl",
  ]
  private static let videoEndings = ["mp4", "mov", "m4v", "mkv", "webm", "avi"]

  /// Whether a path is, by its name, a photo's.
  static func isPhoto(_ path: String) -> Bool {
    photoEndings.contains(ending(of: path)) && !isFolder(path)
  }

  /// Sees to it that a path is not, by its name, a picture that can't be read.
  ///
  /// - Throws: `IngestError`
  static func refuseForeign(_ path: String) throws {
    guard foreignEndings.contains(ending(of: path)), !isFolder(path) else { return }
    throw IngestError("'\(path)' is neither JPEG nor PNG; convert it to one of them")
  }

  /// Whether a path is, by its name, a video's.
  static func isVideo(_ path: String) -> Bool {
    videoEndings.contains(ending(of: path)) && !isFolder(path)
  }

  func path(_ i: Int) -> String { Self.path(i, in: folder) }

  /// The index of the picture that a file's name stands for.
  func index(ofFile name: String) -> Int? { Int(name.prefix { $0 != "." }).map { $0 - 1 } }

  private static func path(_ i: Int, in folder: String) -> String {
    folder + "/" + String(format: "%04d.jpg", i + 1)
  }

  private init(
    folder: String, names: [String], isSequence: Bool, focals: [Int?] = [], sizes: [Size] = []
  ) {
    (self.folder, self.names, self.isSequence) = (folder, names, isSequence)
    let known = focals.compactMap(\.self).sorted()
    focal = known.isEmpty ? nil : Double(known[known.count / 2]) / 36
    isOneLens = Set(focals).count <= 1 && Set(sizes).count <= 1
  }
}

// MARK: - Photos

extension Shots {
  /// Photos in a folder, in the order of their names, or a single one.
  ///
  /// - Parameters:
  ///   - folder: where to, a folder that is there and empty.
  ///   - longest: the longer side of a picture, in pixels, at most.
  /// - Throws: `IngestError` where there are none that can be read; `ImageError` where a single one
  ///   can't.
  init(photos source: String, to folder: String, longest: Int) throws {
    let files = try Self.photos(in: source)
    let read = Mutex<[Int: (focal: Int?, size: Size)]>([:])
    let flaws = Mutex<[any Error]>([])
    DispatchQueue.concurrentPerform(iterations: files.count) { i in
      do {
        let facts = try Self.copy(files[i], to: Self.path(i, in: folder), longest: longest)
        read.withLock { $0[i] = facts }
      } catch {
        flaws.withLock { $0.append(error) }
      }
    }
    let unread = flaws.withLock(\.self)
    if let flaw = unread.first, files.count == 1 { throw flaw }
    for flaw in unread { note("left aside: \(flaw)") }
    let facts = read.withLock { $0.sorted { $0.key < $1.key } }
    guard !facts.isEmpty else {
      throw IngestError("'\(source)': none of its photos can be read")
    }
    for (to, fact) in facts.enumerated() where to != fact.key {
      try FileManager.default.moveItem(
        atPath: Self.path(fact.key, in: folder), toPath: Self.path(to, in: folder))
    }
    self.init(
      folder: folder, names: facts.map { lastPart(of: files[$0.key]) }, isSequence: false,
      focals: facts.map(\.value.focal), sizes: facts.map(\.value.size))
  }

  /// The photos' paths, in a folder or in its `images`; says which files are none.
  private static func photos(in source: String) throws -> [String] {
    guard isFolder(source) else { return [source] }
    let files = try FileManager.default.contentsOfDirectory(atPath: source)
      .filter { !$0.hasPrefix(".") && !isFolder("\(source)/\($0)") }
      .sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    let photos = files.filter { photoEndings.contains(ending(of: $0)) }
    let others = files.filter {
      ["heic", "heif", "webp", "avif", "dng", "tif", "tiff"].contains(ending(of: $0))
    }
    if let first = others.first {
      note(
        "left aside: \(others.count) pictures that are neither JPEG nor PNG, such as \(first); convert them first"
      )
    }
    if photos.isEmpty, isFolder("\(source)/images") {
      return try self.photos(in: "\(source)/images")
    }
    guard !photos.isEmpty else {
      throw IngestError("'\(source)' has no photos in it (.jpg, .jpeg or .png)")
    }
    return photos.map { "\(source)/\($0)" }
  }

  private static func copy(_ file: String, to path: String, longest: Int) throws -> (
    focal: Int?, size: Size
  ) {
    let photo = try ImageFile(contentsOf: file)
    let image = try Image(decoding: photo.bytes, name: file).reduced(longest: longest)
    let bytes = JPEGEncoder(quality: 95, keepsColor: true).encode(image)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return (photo.focalLengthIn35mm, Size(width: image.width, height: image.height))
  }
}

// MARK: - Videos

extension Shots {
  /// The sharpest of every few frames of a video.
  ///
  /// - Parameters:
  ///   - folder: where to, a folder that is there and empty.
  ///   - count: how many pictures at most.
  ///   - longest: the longer side of a picture, in pixels, at most.
  /// - Throws: `IngestError`, also where ffmpeg is not installed.
  init(video: String, to folder: String, count: Int, longest: Int) throws {
    let seconds = try Self.duration(of: video)
    let rate = min(10, Double(Self.choice * count) / seconds)
    let raw = "\(folder)/frames"
    try FileManager.default.createDirectory(atPath: raw, withIntermediateDirectories: true)
    let limit =
      "scale='min(\(longest),iw)':'min(\(longest),ih)':force_original_aspect_ratio=decrease"
    try Tool("ffmpeg", package: "ffmpeg").run([
      "-loglevel", "error", "-i", "file:\(video)", "-vf", "fps=\(rate),\(limit)", "-q:v", "2",
      "-frames:v", "\(Self.choice * count)", "\(raw)/%06d.jpg",
    ])
    let frames = try FileManager.default.contentsOfDirectory(atPath: raw).sorted()
    let groups = stride(from: 0, to: frames.count, by: Self.choice).map {
      frames[$0..<min($0 + Self.choice, frames.count)]
    }
    let chosen = try groups.map { try Self.sharpest(of: $0, in: raw) }
    guard chosen.count > 1 else {
      throw IngestError("'\(video)' is too short: there are \(frames.count) frames to choose from")
    }
    for (i, frame) in chosen.enumerated() {
      try FileManager.default.moveItem(
        atPath: "\(raw)/\(frame)", toPath: Self.path(i, in: folder))
    }
    try FileManager.default.removeItem(atPath: raw)
    let times = chosen.map { "at \((Double(Int($0.prefix(6))! - 1) / rate).digits(1)) s" }
    self.init(folder: folder, names: times, isSequence: true)
  }

  /// Frames that one is chosen from.
  private static let choice = 3

  private static func duration(of video: String) throws -> Double {
    let probe = Command(
      "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0",
      "file:\(video)")
    guard let status = probe.status, status != 127 else {
      throw IngestError("'\(video)' needs ffmpeg, which is not installed: apt-get install ffmpeg")
    }
    guard status == 0, let seconds = probe.firstLine.flatMap(Double.init), seconds > 0 else {
      let why = probe.errors.split(separator: "\n").last ?? "it has no duration"
      throw IngestError("'\(video)' is no video that ffmpeg can read: \(why)")
    }
    return seconds
  }

  private static func sharpest(of frames: ArraySlice<String>, in folder: String) throws -> String {
    let scored = try frames.map { (try Image(contentsOf: "\(folder)/\($0)").sharpness, $0) }
    return scored.max { $0.0 < $1.0 }!.1
  }
}

extension Image {
  /// Smaller where its longer side is longer than that.
  fileprivate func reduced(longest: Int) -> Image {
    let factor = Double(longest) / Double(max(width, height))
    guard factor < 1 else { return self }
    func scaled(_ side: Int) -> Int { max(1, Int((Double(side) * factor).rounded())) }
    return resized(width: scaled(width), height: scaled(height))
  }

  /// The mean square of differences between neighbours in a row, in green: motion and wrong focus
  /// make it small.
  var sharpness: Double {
    var sum = 0
    for y in 0..<height {
      for x in 1..<width {
        let i = (y * width + x) * 3 + 1
        let d = Int(pixels[i]) - Int(pixels[i - 3])
        sum += d * d
      }
    }
    return Double(sum) / Double(height * max(1, width - 1))
  }
}

func isFolder(_ path: String) -> Bool {
  var answer: ObjCBool = false
  return FileManager.default.fileExists(atPath: path, isDirectory: &answer) && answer.boolValue
}

private func ending(of file: String) -> String {
  URL(fileURLWithPath: file).pathExtension.lowercased()
}

private func lastPart(of path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }
