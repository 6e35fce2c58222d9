import Torch

/// A tensor operation that the project uses, to be held against the same in Float64 on the CPU.
struct Operation: Sendable {
  let name: String
  /// The functions of `CTorch.h` that it calls, without their `ct_`.
  let functions: [String]
  /// Inputs of each time that it is tried.
  let cases: [[Input]]
  let types: [ElementType]
  let hasGradient: Bool
  /// How many times the usual tolerance it may be off.
  let leniency: Double
  let run: @Sendable ([Tensor]) -> Tensor

  init(
    _ name: String, calls functions: [String]? = nil, _ cases: [[Input]],
    types: [ElementType] = [.float32, .bfloat16], gradient: Bool = true, leniency: Double = 1,
    _ run: @escaping @Sendable ([Tensor]) -> Tensor
  ) {
    self.name = name
    self.functions = functions ?? [name]
    (self.cases, self.types, self.run) = (cases, types, run)
    (hasGradient, self.leniency) = (gradient, leniency)
  }

  /// What an operation is given: numbers from a seed.
  enum Input: Sendable {
    case normal([Int])
    /// The same in Float32 everywhere, and without a gradient.
    case constant([Int])
    /// Numbers in 0.5..<2.
    case positive([Int])
    /// So many row numbers below a limit.
    case rows(Int, below: Int)

    func tensor(seed: UInt64) -> Tensor {
      let g = Generator(seed: seed)
      switch self {
      case .normal(let shape): return g.normal(shape, type: .float64)
      case .constant(let shape): return g.normal(shape)
      case .positive(let shape): return g.uniform(shape, type: .float64) * 1.5 + 0.5
      case .rows(let count, let limit):
        return (g.uniform([count], type: .float64) * Double(limit)).to(.int64)
      }
    }

    var hasGradient: Bool {
      switch self {
      case .normal, .positive: true
      case .constant, .rows: false
      }
    }
  }

  /// Holds a device's results, and gradients where it has them, against the CPU's in Float64.
  ///
  /// - Parameter other: what is done on the device; the operation itself but in tests.
  func checks(on device: Device, doing other: (([Tensor]) -> Tensor)? = nil) -> [Check] {
    types.flatMap { type -> [Check] in
      let tries = cases.indices.map { compare(cases[$0], type, device, other ?? run) }
      let results = Check.worst(tries.map(\.result))
      return [results, Check.worst(tries.compactMap(\.gradients))].compactMap { $0 }
    }
  }

  private func compare(
    _ inputs: [Input], _ type: ElementType, _ device: Device, _ other: ([Tensor]) -> Tensor
  ) -> (result: Check, gradients: Check?) {
    // Rounded to the type that the device has: what is left is the operation's own error.
    let values = inputs.enumerated().map { i, input in
      let t = input.tensor(seed: UInt64(i + 1))
      return t.type == .float64 ? t.to(type).to(.float64) : t
    }
    let tracked = inputs.map { hasGradient && $0.hasGradient }
    let truth = outcome(run, values, tracked)
    let found = outcome(
      other, values.map { $0.to($0.type == .float64 ? type : $0.type, device) }, tracked)
    let tolerance = (type == .float32 ? 1e-5 : 1e-2) * leniency
    let result = Check(name, "\(type)", found.result, truth: truth.result, within: tolerance)
    guard hasGradient else { return (result, nil) }
    let gradients = zip(found.gradients, truth.gradients).map {
      Check(name, "\(type) gradient", $0, truth: $1, within: 2 * tolerance)
    }
    return (result, Check.worst(gradients))
  }

  private func outcome(
    _ body: ([Tensor]) -> Tensor, _ values: [Tensor], _ hasGradients: [Bool]
  ) -> (result: Tensor, gradients: [Tensor]) {
    let inputs = values.map { $0.copy() }
    let tracked = zip(inputs, hasGradients).filter { $1 }.map { $0.0 }
    tracked.forEach { $0.trackGradient() }
    let result = body(inputs)
    guard hasGradient else { return (result, []) }
    let weights = Generator(seed: 99).normal(result.shape, type: .float64)
    (result * weights.to(result.type, result.device)).sum().backward()
    return (result, tracked.map { $0.gradient ?? .zeros($0.shape) })
  }
}
