import Images
package import Scene

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is in a `transforms.json`, as written: the format of nerfstudio and instant-ngp.
///
/// Poses are OpenGL camera-to-world (x right, y up, z backwards). Keys that are not listed here
/// are ignored: `aabb_scale`, `scale` and `applied_transform` among them, which the matrices have
/// been through already.
struct Transforms: Codable {
  var lens: Lens
  var frames: [Entry]
  /// Ours: the direction against gravity.
  var up: [Double]?
  /// Ours: world units per network unit.
  var scale: Double?

  struct Entry: Codable {
    var lens: Lens
    /// Relative to the JSON file; paths have none.
    var file: String?
    /// Four rows of four.
    var matrix: [[Double]]
  }

  private enum CodingKeys: String, CodingKey {
    case frames
    case up = "rtfm_up"
    case scale = "rtfm_scale"
  }
}

/// A camera, and the picture that it took, as one of the `frames` of a `transforms.json` that shares
/// no lens with the others.
package struct FrameEntry: Encodable, Sendable {
  private let entry: Transforms.Entry

  /// - Parameter file: relative to whatever the entry is written into; nil for a camera alone.
  package init(_ camera: Camera, file: String? = nil) {
    entry = Transforms.Entry(
      lens: Lens(camera.intrinsics), file: file, matrix: camera.pose.openGL)
  }

  package func encode(to encoder: any Encoder) throws { try entry.encode(to: encoder) }
}

/// The keys that describe a lens, for all frames or for one of them.
struct Lens: Equatable {
  var numbers: [Key: Double] = [:]
  var model: String?

  enum Key: String, CodingKey, CaseIterable {
    case width = "w"
    case height = "h"
    case focalX = "fl_x"
    case focalY = "fl_y"
    case centerX = "cx"
    case centerY = "cy"
    case angleX = "camera_angle_x"
    case angleY = "camera_angle_y"
    case k1, k2, k3, k4, p1, p2

    static let distortion: [Key] = [.k1, .k2, .k3, .k4, .p1, .p2]
  }

  subscript(key: Key) -> Double? { numbers[key] }

  /// This lens where it says something, the other where it does not.
  func or(_ shared: Lens) -> Lens {
    Lens(
      numbers: numbers.merging(shared.numbers) { own, _ in own }, model: model ?? shared.model)
  }
}

// MARK: - JSON

extension Transforms {
  init(contentsOf path: String) throws {
    let bytes: [UInt8]
    do {
      bytes = try readFile(path)
    } catch ImageError.unreadable(let file, let reason) {
      throw CaptureError.unreadable(file: file, reason: reason)
    }
    do {
      self = try JSONDecoder().decode(Transforms.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw CaptureError.invalid(file: path, reason: error.explanation(of: bytes))
    }
  }

  /// Numbers are written with as many digits as bring back the same Float64.
  func json(for path: String) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return try [UInt8](encoder.encode(self))
    } catch is EncodingError {
      throw CaptureError.unwritable(file: path, reason: "a number in it is not finite")
    }
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    lens = try Lens(from: decoder)
    frames = try values.decode([Entry].self, forKey: .frames)
    up = try values.decodeIfPresent([Double].self, forKey: .up)
    scale = try values.decodeIfPresent(Double.self, forKey: .scale)
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try lens.encode(to: encoder)
    try values.encode(frames, forKey: .frames)
    try values.encodeIfPresent(up, forKey: .up)
    try values.encodeIfPresent(scale, forKey: .scale)
  }
}

extension Transforms.Entry {
  private enum CodingKeys: String, CodingKey {
    case file = "file_path"
    case matrix = "transform_matrix"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    lens = try Lens(from: decoder)
    file = try values.decodeIfPresent(String.self, forKey: .file)
    matrix = try values.decode([[Double]].self, forKey: .matrix)
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try lens.encode(to: encoder)
    try values.encodeIfPresent(file, forKey: .file)
    try values.encode(matrix, forKey: .matrix)
  }
}

extension Lens: Codable {
  private enum ModelKeys: String, CodingKey {
    case model = "camera_model"
    case isFisheye = "is_fisheye"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    for key in Key.allCases {
      numbers[key] = try values.decodeIfPresent(Double.self, forKey: key)
    }
    let models = try decoder.container(keyedBy: ModelKeys.self)
    model = try models.decodeIfPresent(String.self, forKey: .model)
    if try models.decodeIfPresent(Bool.self, forKey: .isFisheye) == true { model = "FISHEYE" }
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    for (key, number) in numbers { try values.encode(number, forKey: key) }
    var models = encoder.container(keyedBy: ModelKeys.self)
    try models.encodeIfPresent(model, forKey: .model)
  }
}

extension DecodingError {
  /// What is wrong with the JSON and where, in one line.
  fileprivate func explanation(of bytes: [UInt8]) -> String {
    switch self {
    case .dataCorrupted(let context):
      let fault = jsonFault(in: bytes).map { "look at \($0)" }
      return "is not valid JSON\(context.place): \(fault ?? context.debugDescription)"
    case .keyNotFound(let key, let context):
      return "has no \"\(key.stringValue)\"\(context.place)"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "has the wrong kind of value\(context.place): \(context.debugDescription)"
    @unknown default:
      return "cannot be understood: \(self)"
    }
  }
}

extension DecodingError.Context {
  /// Such as ` in frames[3].transform_matrix`; frames are counted from 0, as in the file.
  fileprivate var place: String {
    let steps = codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }
    return steps.isEmpty ? "" : " in \(steps.joined().drop { $0 == "." })"
  }
}
