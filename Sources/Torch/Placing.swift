internal import CTorch
import Synchronization

// Placing heads' channels (Layers' `Placing` says what that is) in one pass over the memory, with
// gradients: in tensor operations, each of a dozen would read and write all of it again.
extension Tensor {
  /// Channels `[.., T, H, d]` with the first half, in groups of four, multiplied by a matrix, and the
  /// pairs of the second half turned.
  ///
  /// - Parameters:
  ///   - matrix: `[.., 4, 4]`, Float32, for column vectors. Leading axes broadcast, up to three.
  ///   - turn: cosines and sines `[.., T, G or 1, A or 1, n]`, of this tensor's type; G divides H. Nil
  ///     leaves the second half as it is.
  ///   - groups: A.
  ///   - room: for how many tokens to leave room behind all those of `[.., C, T, H, d]`, so that
  ///     ``fillingRoom(_:_:)`` need not copy these.
  public func placedHeads(
    matrix: Tensor, turn: (cosines: Tensor, sines: Tensor)?, groups: Int, room: Int = 0
  ) -> Tensor {
    Tensor.make("place heads", [self, matrix] + (turn.map { [$0.cosines, $0.sines] } ?? [])) {
      ct_place_heads(
        pointer, matrix.pointer, turn?.cosines.pointer, turn?.sines.pointer, Int32(groups),
        Int64(room))
    }
  }

  /// These tokens `[B, M, H, d]`, then one, then more, in the room that was left behind these: what it
  /// held before is gone, so it can be filled once.
  public func fillingRoom(_ one: Tensor, _ more: Tensor) -> Tensor {
    Tensor.make("fill room", [self, one, more]) {
      ct_fill_room(pointer, one.pointer, more.pointer)
    }
  }

  /// Runs `body` with this thread's CPU tensors placed by the text of a GPU's kernels, thread after
  /// thread: for tests.
  static func placingAsKernels<R>(_ body: () throws -> R) rethrows -> R {
    ct_place_heads_as_kernels(true)
    defer { ct_place_heads_as_kernels(false) }
    return try body()
  }
}

/// A GPU's kernels for ``Tensor/placedHeads(matrix:turn:groups:)``, compiled when it is first asked for.
public enum PlacingKernels {
  private static let known = KnownKernels<Device>()

  /// Whether a device can place heads in one pass.
  public static func work(on device: Device) -> Bool { reason(on: device) == nil }

  /// Why a device can't; nil where it can.
  public static func reason(on device: Device) -> GPUError? {
    guard case .cuda(let index) = device else {
      return device == .cpu ? nil : GPUError("\(device) is no CPU and none of NVIDIA's GPUs")
    }
    return known.reason(for: device) { try make(on: device, index) }
  }

  private static func make(on device: Device, _ index: Int) throws -> [Kernel] {
    guard let facts = device.facts else { throw GPUError("\(device) is none of NVIDIA's GPUs") }
    let code = try code(architecture: facts.architecture)
    let all = try ["float32", "bfloat16"].flatMap { type in
      try ["forward", "backward"].map {
        try Kernel(code, function: "place_\($0)_\(type)", on: device)
      }
    }
    ct_place_heads_by(
      Int32(index), all[0].pointer, all[1].pointer, all[2].pointer, all[3].pointer)
    for type in [ElementType.float32, .bfloat16] where Trial.error(type, on: device) > 0.02 {
      ct_place_heads_by(Int32(index), nil, nil, nil, nil)  // these are about to go
      throw GPUError("\(device) places heads in one pass as no CPU does (\(type))")
    }
    return all
  }

  /// A small case, against a CPU: no kernel is relied on before it has done it.
  private enum Trial {
    static func error(_ type: ElementType, on device: Device) -> Double {
      greatestDifference(outcome(type, on: .cpu), outcome(type, on: device))
    }

    private static func outcome(_ type: ElementType, on device: Device) -> [Tensor] {
      let random = Generator(seed: 3)
      func numbers(_ shape: Int...) -> Tensor { random.normal(shape) }
      let x = numbers(2, 1, 3, 5, 4, 32).to(type, device)
      let matrix = numbers(2, 2, 3, 4, 4).to(device)
      let angles = numbers(2, 2, 3, 5, 2, 2, 4)
      let turn = (angles.cos().to(type, device), angles.sin().to(type, device))
      let y = x.placedHeads(matrix: matrix, turn: turn, groups: 2)
      let gradient = Tensor.make("place heads back", [y, x]) {
        ct_place_heads_back(
          y.pointer, x.pointer, matrix.pointer, turn.0.pointer, turn.1.pointer, 2)
      }
      return [y, gradient]
    }
  }

  /// The kernels' machine code, by NVRTC; needs no GPU.
  ///
  /// - Throws: `GPUError`.
  public static func code(architecture: Int) throws -> GPUCode {
    try GPUCode(ct_place_heads_text(), name: "placing_kernel.h", architecture: architecture)
  }
}
