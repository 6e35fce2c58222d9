import TestSupport
import Testing
import Torch

/// Gradients against central differences in Float64.
@Suite struct GradientTests {
  /// A function of some tensors, and the shapes that it is tried with.
  struct Function: Sendable, CustomTestStringConvertible {
    let name: String
    let shapes: [[Int]]
    var range = -2.0...2.0
    let call: @Sendable ([Tensor]) -> Tensor

    var testDescription: String { name }
  }

  static let pointwise: [Function] = [
    Function(name: "add", shapes: [[2, 3], [3]]) { $0[0] + $0[1] },
    Function(name: "sub", shapes: [[3], [2, 1]]) { $0[0] - $0[1] },
    Function(name: "mul", shapes: [[2, 3], [2, 1]]) { $0[0] * $0[1] },
    Function(name: "div", shapes: [[2, 3], [3]], range: 0.5...2) { $0[0] / $0[1] },
    Function(name: "scalars", shapes: [[4]]) { (2 - $0[0] * 3) / 4 + 1 },
    Function(name: "power", shapes: [[4]], range: 0.5...2) { $0[0].power(1.7) + 1 / $0[0] },
    Function(name: "exp, log", shapes: [[4]], range: 0.5...2) { $0[0].exp() * $0[0].log() },
    Function(name: "sqrt", shapes: [[4]], range: 0.5...2) { $0[0].sqrt() },
    Function(name: "sin, cos", shapes: [[4]]) { $0[0].sin() * $0[0].cos().squared() },
    Function(name: "sigmoid, silu", shapes: [[4]]) { $0[0].sigmoid() - $0[0].silu() },
    Function(name: "abs", shapes: [[5]]) { $0[0].abs() },
    Function(name: "clamped", shapes: [[9]]) { $0[0].clamped(-1, 0.5) },
    Function(name: "minimum, maximum", shapes: [[5], [5]]) {
      $0[0].minimum($0[1]) * 2 + $0[0].maximum($0[1])
    },
    Function(name: "select", shapes: [[5], [5]]) { ($0[0] .< 0.1).select($0[0], else: $0[1] * 2) },
    Function(name: "gate", shapes: [[2, 3], [3], [2, 3]]) { $0[0].adding($0[1], groups: $0[2]) },
    Function(name: "silu times", shapes: [[5], [5]]) { $0[0].silu(times: $0[1]) },
  ]

  static let networks: [Function] = [
    Function(name: "matmul", shapes: [[2, 3, 4], [4, 5]]) { $0[0].matmul($0[1]) },
    Function(name: "linear", shapes: [[2, 3, 4], [5, 4]]) { $0[0].linear($0[1]) },
    Function(name: "layerNorm", shapes: [[2, 6], [6], [6]]) {
      $0[0].layerNorm(weight: $0[1], bias: $0[2])
    },
    Function(name: "plain layerNorm", shapes: [[2, 6]]) { $0[0].layerNorm() },
    Function(name: "rmsNorm", shapes: [[2, 6], [6]]) { $0[0].rmsNorm(weight: $0[1]) },
    Function(name: "attention", shapes: [[1, 4, 3, 8], [1, 2, 5, 8], [1, 2, 5, 8]]) {
      .attention($0[0], $0[1], $0[2])
    },
    Function(name: "softmax", shapes: [[3, 4]]) { $0[0].softmax(0) },
    Function(name: "windowed", shapes: [[2, 4, 5]]) {
      let random = Generator(seed: 3)
      return $0[0].windowed(
        rows: random.normal([3, 4], type: .float64), columns: random.normal([2, 5], type: .float64))
    },
    Function(name: "fold", shapes: [[1, 2 * 5 * 5, 6]]) {
      $0[0].folded(height: 6, width: 9, side: 3, overlap: 1)
    },
    Function(name: "resampling", shapes: [[1, 2, 4, 4]]) {
      $0[0].averagePooled(2).upsampledNearest(height: 4, width: 4)
        - $0[0].upsampledBilinear(height: 3, width: 5).upsampledBilinear(height: 4, width: 4)
    },
    Function(name: "pad", shapes: [[1, 1, 2, 3]]) { $0[0].padded(right: 2, bottom: 1) },
    Function(name: "sum, mean, max", shapes: [[3, 4]]) {
      $0[0].sum(0) * $0[0].mean(1, keepAxes: true) + $0[0].max(0)
    },
    Function(name: "shapes", shapes: [[2, 3, 4], [2, 1, 4]]) {
      let joined = Tensor.concatenated([$0[0], $0[1].expanded(2, 2, -1)], axis: 1)  // [2, 5, 4]
      let parts = joined.permuted(1, 0, 2).split([2, 3], axis: 0)
      let stacked = Tensor.stacked([parts[0], parts[1].narrowed(0, 1..<3)])
      return stacked.transposed(0, 3).reshaped(4, -1).rows(Tensor([1, 1, 3])).contiguous().copy()
    },
  ]

  @Test(arguments: pointwise + networks) func agreeWithDifferences(function: Function) {
    let inputs = function.shapes.enumerated().map {
      Plain(random: $1, in: function.range, seed: UInt64($0) + 1)
    }
    let tensors = inputs.map(\.tensor)
    tensors.forEach { $0.trackGradient() }
    let out = function.call(tensors)
    let probe = Plain(random: out.shape, seed: 99).tensor
    (out * probe).sum().backward()
    for (i, tensor) in tensors.enumerated() {
      let differences = Plain.differences(at: inputs, by: i) {
        (function.call($0.map(\.tensor)) * probe).sum().item
      }
      expectClose(
        tensor.gradient ?? .zeros([]), differences.tensor, within: 1e-7,
        "central differences of step 1e-5, of input \(i)")
    }
  }

  @Test func addUpUntilCleared() {
    let x = Tensor(doubles: [1, 2], shape: [2])
    #expect(!x.requiresGradient && x.gradient == nil)
    x.trackGradient()
    #expect(x.requiresGradient && x.gradient == nil)
    x.squared().sum().backward()
    #expect(x.gradient?.doubles == [2, 4])
    (x * 10).sum().backward()
    #expect(x.gradient?.doubles == [12, 14])
    x.setGradient(Tensor(doubles: [5, 6], shape: [2]))
    #expect(x.gradient?.doubles == [5, 6])
    x.clearGradient()
    #expect(x.gradient == nil)
  }

  @Test func endWhereATensorIsDetached() {
    let x = Tensor(doubles: [3], shape: [1])
    x.trackGradient()
    (x * x.detached()).sum().backward()
    #expect(x.gradient?.doubles == [3])
    #expect(!x.detached().requiresGradient)
  }
}

@Suite struct ManyTensorTests {
  let inputs = [[2, 3], [4], []].enumerated().map { Plain(random: $1, seed: UInt64($0)) }

  @Test func haveOneNorm() {
    let sum = inputs.flatMap(\.values).map { $0 * $0 }.reduce(0, +)
    let norm = inputs.map(\.tensor).norm.item
    #expect(abs(norm - sum.squareRoot()) < 1e-12)
    #expect([Tensor(doubles: [.nan], shape: [1]), inputs[0].tensor].norm.item.isNaN)
  }

  @Test func areScaledAndMovedTogether() {
    let others = inputs.map { Plain(random: $0.shape, seed: 7) }
    let tensors = inputs.map(\.tensor)
    tensors.multiplyInPlace(3)
    tensors.moveInPlace(towards: others.map(\.tensor), by: 0.1)
    for i in inputs.indices {
      expectClose(
        tensors[i], inputs[i].with(others[i]) { $0 * 3 + ($1 - $0 * 3) * 0.1 }.tensor,
        within: 1e-14, "Float64 rounding")
    }
  }

  @Test(arguments: [0, 0.1]) func adamWStepsAsThePaperSays(decay: Double) {
    let tensors = inputs.map(\.tensor)
    let (first, second) = (tensors.map { $0 * 0 }, tensors.map { $0 * 0 })
    let steps = tensors.map { _ in Tensor.zeros([]) }
    var plain = inputs.map { AdamW(values: $0.values, rate: 0.01, decay: decay) }
    for step in 0..<5 {
      let gradients = inputs.map { Plain(random: $0.shape, seed: UInt64(100 + step)) }
      tensors.adamWInPlace(
        gradients: gradients.map(\.tensor), first: first, second: second, steps: steps,
        rate: 0.01, betas: (0.9, 0.98), decay: decay, epsilon: 1e-8)
      for i in plain.indices { plain[i].step(gradients[i].values) }
    }
    for i in inputs.indices {
      let expected = Tensor(doubles: plain[i].values, shape: inputs[i].shape)
      expectClose(tensors[i], expected, within: 1e-12, "Float64 rounding")
      #expect(steps[i].item == 5)
    }
  }
}

/// Algorithm 2 of Loshchilov & Hutter (arXiv 1711.05101), for plain numbers.
private struct AdamW {
  var values: [Double]
  let rate: Double
  let decay: Double
  var first: [Double] = []
  var second: [Double] = []
  var count = 0.0

  mutating func step(_ gradients: [Double]) {
    count += 1
    if first.isEmpty { (first, second) = (values.map { _ in 0 }, values.map { _ in 0 }) }
    for (i, g) in gradients.enumerated() {
      first[i] = 0.9 * first[i] + 0.1 * g
      second[i] = 0.98 * second[i] + 0.02 * g * g
      let (m, v) = (first[i] / (1 - pow(0.9, count)), second[i] / (1 - pow(0.98, count)))
      values[i] -= rate * (m / (v.squareRoot() + 1e-8) + decay * values[i])
    }
  }

  private func pow(_ x: Double, _ n: Double) -> Double { (0..<Int(n)).reduce(1) { y, _ in y * x } }
}

extension Plain {
  /// How a number changes with each element of one of its inputs, by central differences.
  fileprivate static func differences(
    at inputs: [Plain], by index: Int, of value: ([Plain]) -> Double
  ) -> Plain {
    var all = inputs[index].values.indices.map { i in
      let ends = [1e-5, -1e-5].map { shift in
        var moved = inputs
        moved[index].values[i] += shift
        return value(moved)
      }
      return (ends[0] - ends[1]) / 2e-5
    }[...]
    return Plain(inputs[index].shape) { _ in all.removeFirst() }
  }
}
