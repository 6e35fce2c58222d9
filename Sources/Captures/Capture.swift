import Dispatch
public import Images
public import Scene
import Synchronization

/// A real place in pictures: a folder with a `transforms.json` and the images that it names.
///
///     let capture = try Capture(contentsOf: "room")
///     let frames = try capture.frames(width: 256, height: 256)
///
/// Opening one reads the poses and the images' headers, and some of the images where the file doesn't
/// say how large a unit is; all other pixels are read when a frame is asked for.
public struct Capture: Hashable, Sendable {
  /// One picture of a capture: where its file is, and the camera that took it.
  public struct Entry: Hashable, Sendable {
    public var path: String
    /// Its intrinsics are about the file's own pixels, as stored.
    public var camera: Camera

    public init(path: String, camera: Camera) {
      self.path = path
      self.camera = camera
    }
  }

  /// The folder's name.
  public var name: String
  /// In the order of the file; never empty.
  public var entries: [Entry]
  /// The unit vector against gravity: the file's `rtfm_up`, or `up(of:)`.
  public var up: SIMD3<Double>
  /// World units per network unit: the file's `rtfm_scale`; else what brings most of what the pictures
  /// show to `trainedDepth`; else, where they don't tell how far away that is, `scale(of:)`.
  public var scale: Double

  public var count: Int { entries.count }

  /// One picture as its file has it, byte for byte.
  ///
  /// - Throws: `ImageError`
  public func picture(_ i: Int) throws -> ImageFile { try ImageFile(contentsOf: entries[i].path) }

  /// One frame at its file's size.
  ///
  /// - Throws: `ImageError`, or `CaptureError` where the file has changed since.
  public func frame(_ i: Int) throws -> Frame {
    Frame(image: try file(i).image(name: entries[i].path), camera: entries[i].camera)
  }

  /// One frame, cropped about its centre to the shape of width x height and scaled to it.
  public func frame(_ i: Int, width: Int, height: Int) throws -> Frame {
    var camera = entries[i].camera
    camera.intrinsics = camera.intrinsics.fitted(width: width, height: height)
    return Frame(
      image: try file(i).image(name: entries[i].path, fittedTo: width, height), camera: camera)
  }

  /// The file of one picture, still of the size that it had.
  private func file(_ i: Int) throws -> ImageFile {
    let (path, lens) = (entries[i].path, entries[i].camera.intrinsics)
    let picture = try ImageFile(contentsOf: path)
    let size = try picture.size(name: path)
    guard size == (lens.width, lens.height) else {
      throw CaptureError.invalid(
        file: path,
        reason:
          "has \(size.width) x \(size.height) pixels now, \(lens.width) x \(lens.height) when the "
          + "capture was opened; open it again")
    }
    return picture
  }

  /// All frames, cropped about their centres to the shape of width x height and scaled to it; several
  /// files are read at once.
  ///
  /// - Throws: the error of the first that can't be read.
  public func frames(width: Int, height: Int) throws -> [Frame] {
    let results = Mutex([Result<Frame, any Error>?](repeating: nil, count: entries.count))
    DispatchQueue.concurrentPerform(iterations: entries.count) { i in
      let result = Result { try frame(i, width: width, height: height) }
      results.withLock { $0[i] = result }
    }
    return try results.withLock { $0 }.map { try $0!.get() }
  }
}

extension Frame {
  /// This frame at another size: the largest centred window of that shape, scaled; the intrinsics
  /// stay right.
  public func resampled(width: Int, height: Int) -> Frame {
    var camera = camera
    camera.intrinsics = camera.intrinsics.fitted(width: width, height: height)
    return Frame(image: image.fitted(width: width, height: height), camera: camera)
  }
}

extension Capture {
  /// How far away most of what cameras see is, in network units: what a capture's own pictures are
  /// scaled to.
  ///
  /// In the places where the network learned, as `PlaneSweep` measures them, it is 0.6 to 3; 1.2 in
  /// the median of walks, 1.4 of pictures from all over a place.
  public static let trainedDepth = 1.4

  /// The root mean square distance of a walk's cameras from their mean, in network units, in
  /// training.
  public static let trainedSpread = 0.6

  /// World units per network unit, guessed from the cameras alone: they get the spread of those in
  /// training.
  ///
  /// 1 for a single camera, and for cameras that all stand at one point.
  public static func scale(of cameras: [Camera]) -> Double {
    let spread = spread(of: cameras)
    return spread > 1e-9 ? spread / trainedSpread : 1
  }

  /// The root mean square distance of cameras from their mean, in world units.
  public static func spread(of cameras: [Camera]) -> Double {
    let positions = cameras.map(\.pose.position)
    let count = Double(max(1, positions.count))
    let mean = positions.reduce(.zero, +) / count
    return (positions.map { ($0 - mean).dot($0 - mean) }.reduce(0, +) / count).squareRoot()
  }

  /// The direction against gravity, guessed: people hold cameras level, so it is the mean of the
  /// directions to the images' tops.
  public static func up(of cameras: [Camera]) -> SIMD3<Double> {
    let sum = cameras.reduce(SIMD3<Double>.zero) { $0 - $1.pose.down }
    if sum.length > 1e-6 { return sum.normalized }
    return cameras.first.map { $0.pose.down * -1 } ?? [0, 0, 1]
  }
}
