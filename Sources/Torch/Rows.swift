internal import CTorch

// What layers do to rows of channels between their products, with gradients. A GPU does each in one pass
// over the memory, by kernels; elsewhere libtorch's operations do it.
extension Tensor {
  /// Mean 0 and variance 1 over the last axis, then `* weight + bias`.
  ///
  /// - Parameter weight: `[D]`, or `[B, 1, D]` for `[B, T, D]`; `bias` likewise.
  public func layerNorm(groups weight: Tensor, bias: Tensor, epsilon: Double = 1e-5) -> Tensor {
    RowKernels.prepare(for: self)
    return Tensor.make("layerNorm", [self, weight, bias]) {
      ct_norm_rows(pointer, weight.pointer, bias.pointer, true, epsilon)
    }
  }

  /// Root mean square 1 over the last axis, then `* weight`, `[D]`.
  public func rmsNorm(weight: Tensor, epsilon: Double = 1e-6) -> Tensor {
    RowKernels.prepare(for: self)
    return Tensor.make("rmsNorm", [self, weight]) {
      ct_norm_rows(pointer, weight.pointer, nil, false, epsilon)
    }
  }

  /// `self + a * weight`, for a weight `[D]`, or `[B, 1, D]` for `[B, T, D]`.
  public func adding(_ a: Tensor, groups weight: Tensor) -> Tensor {
    RowKernels.prepare(for: self)
    return Tensor.make("gate", [self, a, weight]) {
      ct_gate_rows(pointer, a.pointer, weight.pointer)
    }
  }

  /// `silu(self) * b`.
  public func silu(times b: Tensor) -> Tensor {
    Tensor.make("silu times", [self, b]) { ct_swish(pointer, b.pointer) }
  }

  /// Runs `body` with this thread's CPU tensors as a GPU's kernels would have them, row after row: for
  /// tests, with rows of 64 or 192 channels.
  static func rowsAsKernels<R>(_ body: () throws -> R) rethrows -> R {
    ct_rows_as_kernels(true)
    defer { ct_rows_as_kernels(false) }
    return try body()
  }
}

/// A GPU's kernels for rows of channels, compiled for each width when it is first met.
public enum RowKernels {
  private struct Key: Hashable {
    let device: Device
    let width: Int
  }
  private static let known = KnownKernels<Key>()
  private static let ways = ["norm", "gate", "swish"].flatMap {
    ["\($0)_forward", "\($0)_backward"]
  }

  /// Why a device has no kernels for rows of a width; nil where it has.
  public static func reason(on device: Device, width: Int) -> GPUError? {
    guard case .cuda(let index) = device else {
      return GPUError("\(device) is none of NVIDIA's GPUs")
    }
    guard width % 8 == 0, 8...4096 ~= width else { return GPUError("rows of \(width) channels") }
    return known.reason(for: Key(device: device, width: width)) {
      try make(on: device, index, width: width)
    }
  }

  static func prepare(for rows: Tensor) {
    let device = rows.device
    if case .cuda = device, let width = rows.shape.last { _ = reason(on: device, width: width) }
  }

  private static func make(on device: Device, _ index: Int, width: Int) throws -> [Kernel] {
    guard let facts = device.facts else { throw GPUError("\(device) is none of NVIDIA's GPUs") }
    let code = try code(architecture: facts.architecture, width: width)
    let all = try ["float32", "bfloat16"].map { type in
      try ways.map { try Kernel(code, function: "\($0)_\(type)", on: device) }
    }
    func install(_ kernels: [[Kernel]]?) {
      let pointers =
        kernels.map { $0.map { $0.map { Optional($0.pointer) } } }
        ?? [[OpaquePointer?]](repeating: .init(repeating: nil, count: ways.count), count: 2)
      ct_rows_by(Int32(index), Int32(width), pointers[0], pointers[1])
    }
    install(all)
    for type in [ElementType.float32, .bfloat16] {
      // This thread may do without gradients.
      let error = Runtime.onOtherThread { Trial.error(type, width, on: device) }
      if error <= Trial.tolerance { continue }
      install(nil)
      throw GPUError("\(device) does rows of \(width) channels as no CPU does (\(type))")
    }
    return all.flatMap(\.self)
  }

  /// A small case, against a CPU in Float32: no kernel is relied on before it has done it.
  enum Trial {
    /// Of one, or of a number if that is more: BFloat16 rounds by 0.004, many times.
    static let tolerance = 0.1

    static func error(_ type: ElementType, _ width: Int, on device: Device) -> Double {
      greatestDifference(
        outcome(of: type, in: .float32, width, on: .cpu),
        outcome(of: type, in: type, width, on: device))
    }

    /// Results and gradients for numbers of one type. Straight to C: the kernels are not yet known to
    /// be there.
    static func outcome(
      of type: ElementType, in computed: ElementType, _ width: Int, on device: Device
    ) -> [Tensor] {
      let random = Generator(seed: 4)
      func numbers(_ shape: Int...) -> Tensor {
        let made = random.normal(shape).to(type).to(computed, device)
        made.trackGradient()
        return made
      }
      let (x, y) = (numbers(3, 21, width), numbers(3, 21, width))
      let (scale, shift, gain) = (numbers(3, 1, width), numbers(3, 1, width), numbers(width))
      let a = Tensor.make("norm", [x]) {
        ct_norm_rows(x.pointer, scale.pointer, shift.pointer, true, 1e-5)
      }
      let b = Tensor.make("gate", [a]) { ct_gate_rows(a.pointer, y.pointer, scale.pointer) }
      let c = Tensor.make("norm", [y]) { ct_norm_rows(y.pointer, gain.pointer, nil, false, 1e-6) }
      let d = Tensor.make("swish", [b]) { ct_swish(b.pointer, c.pointer) }
      d.sum().backward()
      return [a, b, c, d].map { $0.detached() }
        + [x, y, scale, shift, gain].compactMap(\.gradient)
    }
  }

  /// The kernels' machine code, by NVRTC; needs no GPU.
  ///
  /// - Throws: `GPUError`.
  public static func code(architecture: Int, width: Int) throws -> GPUCode {
    try GPUCode(
      ct_rows_text(), name: "row_kernel.h", architecture: architecture,
      options: ["-DWIDTH=\(width)", "-DLANES=\(ct_row_lanes(Int32(width)))"])
  }
}
