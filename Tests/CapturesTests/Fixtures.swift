import Foundation
import Images
import Scene

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "rtfm-captures-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: path + "/images", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func files(in folder: String = "") -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()) ?? []
  }

  @discardableResult
  func write(_ text: String, as name: String = "transforms.json") throws -> String {
    try write(Array(text.utf8), as: name)
  }

  @discardableResult
  func write(_ bytes: [UInt8], as name: String = "transforms.json") throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  /// A capture of one 40 x 30 image, `images/1.png`.
  func writeCapture(_ frame: JSON = .init(), shared: JSON = .init()) throws {
    try Image(width: 40, height: 30).writePNG(to: "\(path)/images/1.png")
    try write(JSON.capture(frame, shared: shared))
  }
}

/// Keys and the text of their values; an empty text takes a key away.
typealias JSON = [String: String]

extension JSON {
  static let identity = "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]"

  /// A valid `transforms.json` with one frame, but for the given keys.
  static func capture(_ frame: JSON, shared: JSON) -> String {
    let usual = ["file_path": "\"images/1.png\"", "transform_matrix": identity]
    let frames = ["frames": "[\(usual.merging(frame) { $1 }.text)]", "fl_x": "50"]
    return frames.merging(shared) { $1 }.text
  }

  var text: String {
    "{"
      + filter { !$0.value.isEmpty }.map { "\"\($0)\": \($1)" }.sorted().joined(separator: ",\n")
      + "}"
  }
}

/// Cameras all over the place, with all the digits that Float64 has.
func randomCameras(_ count: Int, width: Int, height: Int) -> [Camera] {
  var random = Sequence64(state: 5)
  func number() -> Double { .random(in: -1...1, using: &random) }
  return (0..<count).map { _ in
    let axis = SIMD3(number(), number(), number()).normalized
    let pose = Pose(
      rotation: .rotation(by: 3 * number(), about: axis),
      position: SIMD3(number(), number() * 1e3, number() * 1e-5))
    let intrinsics = Intrinsics(
      width: width, height: height, focal: [50 + number(), 50 + number()],
      center: [20 + number(), 15 + number()])
    return Camera(intrinsics: intrinsics, pose: pose)
  }
}

func noise(_ width: Int, _ height: Int, seed: UInt64) -> Image {
  var random = Sequence64(state: seed)
  return Image(
    width: width, height: height,
    pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) })
}

/// A small seeded generator (a 64-bit linear congruence, high bits first).
struct Sequence64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    func step() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 32
    }
    return step() << 32 | step()
  }
}
