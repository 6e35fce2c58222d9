import Scene
import TestSupport
import Torch

@testable import Generation

extension FrameModel {
  /// A new network in which no weight is zero, so that everything has an effect.
  static func lively(_ configuration: Configuration = .tiny, seed: UInt64 = 1) -> FrameModel {
    let model = FrameModel(configuration, seed: seed)
    let generator = Generator(seed: seed + 100)
    for (_, tensor) in model.parameters {
      tensor.addInPlace(generator.normal(tensor.shape), times: 0.1)
    }
    return model
  }

  /// What the network draws from frames, each encoded now.
  func drawing(
    _ query: Camera, from frames: [Frame], scale: Double = 2, steps: Int = 1, noise: Tensor? = nil
  ) -> Tensor {
    let context = gather(frames.map { (encode($0), $0.camera) }, for: query, scale: scale)
    return draw(query, context: context, steps: steps, noise: noise).image
  }
}

// One picture of one tile, as most tests have it.

extension FrameModel {
  func gatherTensors(_ frames: [(kv: KV, camera: Camera)], for query: Camera, scale: Double)
    -> Context
  {
    gatherTensors(recalled(frames, for: query, scale: scale))
  }

  func drawTensors(_ query: Camera, context: Context?, steps: Int, noise: Tensor?) -> Prediction {
    drawTensors([query], context: context, steps: steps, noise: noise)
  }
}

extension KV {
  init(_ encoding: Encoding) { self.init(TileKV(encoding)) }

  var keys: Tensor { tiles[0].keys }
  var values: Tensor { tiles[0].values }
  var depths: Tensor? { tiles[0].depths }
}

extension Recalled {
  init(frames: [(kv: KV, camera: Camera)], query: Camera, scale: Double) {
    let tiles = frames.map { (kv: $0.kv.tiles[0], camera: $0.camera) }
    self.init(frames: [tiles], queries: [query], scale: scale)
  }
}

extension RecordedDrawing {
  func draw(_ lens: Intrinsics, _ recalled: Recalled?, steps: Int, noise: Tensor?) -> Prediction {
    draw([lens], recalled, steps: steps, noise: noise)
  }
}

extension Configuration {
  /// Small enough for a test, with two query heads to a key/value head.
  static let tiny = Configuration(
    layers: 2, width: 64, heads: 4, keyValueHeads: 2, headWidth: 32, patch: 4)

  static func with(_ change: (inout Configuration) -> Void) -> Configuration {
    var configuration = tiny
    change(&configuration)
    return configuration
  }
}

/// Frames of noise around the origin, each with a lens of its own, all looking about the same way.
struct Scenes {
  var numbers: Numbers

  init(seed: UInt64) { numbers = Numbers(seed: seed) }

  mutating func camera(width: Int = 16, height: Int = 16) -> Camera {
    let focal = numbers.real(in: 0.7...1.3) * Double(width)
    let centre = SIMD2(
      numbers.real(in: 0.4...0.6) * Double(width), numbers.real(in: 0.4...0.6) * Double(height))
    let turn = Matrix3.rotation(by: numbers.real(in: -0.4...0.4), about: direction())
    return Camera(
      intrinsics: Intrinsics(
        width: width, height: height, focal: [focal, focal * 1.1], center: centre),
      pose: Pose(rotation: turn, position: direction() * numbers.real(in: 0.2...2)))
  }

  mutating func frame(width: Int = 16, height: Int = 16) -> Frame {
    let bytes = (0..<width * height * 3).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
    return Frame(
      image: Image(width: width, height: height, pixels: bytes),
      camera: camera(width: width, height: height))
  }

  mutating func frames(_ count: Int, width: Int = 16, height: Int = 16) -> [Frame] {
    (0..<count).map { _ in frame(width: width, height: height) }
  }

  private mutating func direction() -> SIMD3<Double> {
    SIMD3(
      numbers.real(in: -1...1), numbers.real(in: -1...1), numbers.real(in: 0.1...1)
    ).normalized
  }
}

extension Pose {
  /// A turn and a step of the whole world.
  static func moving(to position: SIMD3<Double>) -> Pose {
    Pose(rotation: .rotation(by: 2.1, about: SIMD3(1, -2, 0.5).normalized), position: position)
  }
}

extension Frame {
  func moved(by pose: Pose) -> Frame {
    Frame(image: image, camera: camera.moved(by: pose))
  }
}

extension Camera {
  func moved(by move: Pose) -> Camera { Camera(intrinsics: intrinsics, pose: move * pose) }
}
