public import Procedural
public import Scene
public import Torch

/// Films made-up worlds on an NVIDIA GPU, many at once, into its own memory.
///
///     let camera = try GPUFilm(on: .cuda(0))
///     let films = camera.film([(world, world.walk(count: 8, intrinsics: lens, seed: 0))])
///     films.images  // [8, 3, Y, X], as the network takes them
///
/// The kernel is the CPU tracer's own text, compiled when this is made (which takes seconds, once).
/// Rounding decides a few pixels at edges; otherwise both film the same.
public final class GPUFilm {
  public let device: Device
  private let lens: Kernel
  private let kernel: Kernel

  /// - Throws: `GPUError` where there is no NVIDIA GPU, or no compiler for it.
  public init(on device: Device) throws {
    let code = try FilmKernel.code(architecture: device.architecture())
    lens = try Kernel(code, function: FilmKernel.functions.lens, on: device)
    kernel = try Kernel(code, function: FilmKernel.functions.film, on: device)
    self.device = device
  }

  /// Films each world with its cameras, all of one image size. Returns at once: the GPU is not
  /// waited for.
  public func film(_ takes: [(world: ProceduralWorld, cameras: [Camera])], samples: Int = 4)
    -> Films
  {
    let cameras = takes.flatMap(\.cameras)
    let films = Films(empty: cameras, on: device)
    let (width, height) = (films.depth.shape[2], films.depth.shape[1])
    let owners = takes.enumerated().flatMap { i, take in take.cameras.map { _ in i } }
    let read: [Kernel.Argument] = [
      .tensor(upload(FilmKernel.bytes(of: takes.map(\.world)))),
      .tensor(Tensor(owners).to(.int32).sent(to: device)),
      .tensor(upload(FilmKernel.bytes(of: cameras))),
    ]
    let lenses = Tensor(
      empty: [cameras.count * FilmKernel.lensBytes], type: .uint8, on: device)
    lens.launch(
      grid: [(cameras.count + 31) / 32, 1, 1], block: [32, 1, 1],
      read + [.int(cameras.count), .tensor(lenses)])
    kernel.launch(
      grid: [(width + 7) / 8, (height + 7) / 8, cameras.count], block: [8, 8, 1],
      read + [
        .tensor(lenses), .int(max(1, samples)), .tensor(films.pixels), .tensor(films.depth),
        .tensor(films.reflective),
      ])
    return films
  }

  private func upload(_ bytes: [UInt8]) -> Tensor {
    bytes.withUnsafeBytes { Tensor(bytes: $0, shape: [$0.count], type: .uint8) }.sent(to: device)
  }
}

/// Frames of one size, and what only their maker can know, as tensors.
public struct Films {
  /// 8-bit sRGB, `[B, Y, X, 3]`.
  public let pixels: Tensor
  /// Along the viewing axis in metres, `[B, Y, X]`, of the first surface behind a pixel's centre.
  public let depth: Tensor
  /// 1 where that surface mirrors, `[B, Y, X]`, bytes.
  public let reflective: Tensor

  init(empty cameras: [Camera], on device: Device) {
    let lens = cameras.first?.intrinsics
    precondition(
      lens != nil
        && cameras.allSatisfy {
          $0.intrinsics.width == lens!.width && $0.intrinsics.height == lens!.height
        }, "film: needs cameras of one image size")
    let shape = [cameras.count, lens!.height, lens!.width]
    pixels = Tensor(empty: shape + [3], type: .uint8, on: device)
    depth = Tensor(empty: shape, on: device)
    reflective = Tensor(empty: shape, type: .uint8, on: device)
  }

  /// What a CPU filmed, brought to a device.
  public init(_ films: [Film], on device: Device = .cpu) {
    let first = films[0].frame.image
    let shape = [films.count, first.height, first.width]
    func bytes(_ all: [UInt8], _ shape: [Int]) -> Tensor {
      all.withUnsafeBytes { Tensor(bytes: $0, shape: shape, type: .uint8) }.sent(to: device)
    }
    pixels = bytes(films.flatMap(\.frame.image.pixels), shape + [3])
    depth = Tensor(films.flatMap(\.depth), shape: shape).sent(to: device)
    reflective = bytes(films.flatMap { $0.reflective.map { $0 ? 1 : 0 } }, shape)
  }

  /// The pictures as the network takes them: `[B, 3, Y, X]` in -1...1.
  public var images: Tensor { pixels.permuted(0, 3, 1, 2).to(.float32) * (1 / 127.5) - 1 }
}

extension FilmKernel {
  /// The kernel's machine code; needs NVRTC, and no GPU.
  ///
  /// - Parameter architecture: compute capability times ten: 90 for an H100 or H200.
  /// - Throws: `GPUError`.
  public static func code(architecture: Int) throws -> GPUCode {
    guard let text else { throw GPUError("filming on a GPU needs a program built with clang 19+") }
    return try GPUCode(
      text, name: "film_kernel.h", headers: headers.map { .init(name: $0.name, text: $0.text) },
      architecture: architecture, options: options)
  }
}

extension Device {
  fileprivate func architecture() throws -> Int {
    guard let facts else { throw GPUError("filming on a GPU: \(self) is none of NVIDIA's") }
    return facts.architecture
  }
}
