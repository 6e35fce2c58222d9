public import Procedural
public import Scene
public import Torch

/// Frames of one size, and what only their maker can know, as tensors.
public struct Films {
  public let cameras: [Camera]  // B
  /// 8-bit sRGB, `[B, Y, X, 3]`.
  public let pixels: Tensor
  /// Along the viewing axis in metres, `[B, Y, X]`, of the first surface behind a pixel's centre.
  public let depth: Tensor
  /// 1 where that surface is glossy, 2 where it is a mirror, else 0: `[B, Y, X]`, bytes.
  public let reflective: Tensor

  init(empty cameras: [Camera], on device: Device) {
    let lens = cameras.first?.intrinsics
    precondition(
      lens != nil
        && cameras.allSatisfy {
          $0.intrinsics.width == lens!.width && $0.intrinsics.height == lens!.height
        }, "film: needs cameras of one image size")
    let shape = [cameras.count, lens!.height, lens!.width]
    self.cameras = cameras
    pixels = Tensor(empty: shape + [3], type: .uint8, on: device)
    depth = Tensor(empty: shape, on: device)
    reflective = Tensor(empty: shape, type: .uint8, on: device)
  }

  /// What a CPU filmed, brought to a device.
  public init(_ films: [Film], on device: Device = .cpu) {
    let first = films[0].frame.image
    let shape = [films.count, first.height, first.width]
    cameras = films.map(\.frame.camera)
    func bytes(_ all: [UInt8], _ shape: [Int]) -> Tensor {
      all.withUnsafeBytes { Tensor(bytes: $0, shape: shape, type: .uint8) }.sent(to: device)
    }
    pixels = bytes(films.flatMap(\.frame.image.pixels), shape + [3])
    depth = Tensor(films.flatMap(\.depth), shape: shape).sent(to: device)
    reflective = bytes(
      films.flatMap { zip($0.reflective, $0.mirrors).map { ($0 ? 1 : 0) + ($1 ? 1 : 0) } }, shape)
  }

  /// The pictures as the network takes them: `[B, 3, Y, X]` in -1...1.
  public var images: Tensor { pixels.permuted(0, 3, 1, 2).to(.float32) * (1 / 127.5) - 1 }
}
