public import Procedural
public import Scene
public import Torch

/// Films made-up worlds on an NVIDIA GPU, many at once, into its own memory.
///
///     let camera = try GPUFilm(on: .cuda(0))
///     let films = camera.film([(world, world.walk(count: 8, intrinsics: lens, seed: 0))])
///     films.images  // [8, 3, Y, X], as the network takes them
///
/// The kernel is the CPU tracer's own text, compiled when this is made, which takes up to a minute, or
/// ahead of time (`FilmKernel.keep`).
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

extension Device {
  fileprivate func architecture() throws -> Int {
    guard let facts else { throw GPUError("filming on a GPU: \(self) is none of NVIDIA's") }
    return facts.architecture
  }
}
