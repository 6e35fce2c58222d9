import Foundation
import TestSupport
import Testing
import Torch

/// One operation twice: on tensors, and on numbers.
struct Twice<Tensors, Reals>: Sendable, CustomTestStringConvertible
where Tensors: Sendable, Reals: Sendable {
  let name: String
  let tensors: Tensors
  let reals: Reals
  var range = -2.0...2.0

  var testDescription: String { name }
}

typealias Unary = Twice<@Sendable (Tensor) -> Tensor, @Sendable (Double) -> Double>
typealias Binary = Twice<
  @Sendable (Tensor, Tensor) -> Tensor, @Sendable (Double, Double) -> Double
>

@Suite struct ArithmeticTests {
  static let unary: [Unary] = [
    Unary(name: "-a", tensors: { -$0 }, reals: { -$0 }),
    Unary(name: "abs", tensors: { $0.abs() }, reals: { abs($0) }),
    Unary(name: "exp", tensors: { $0.exp() }, reals: { exp($0) }),
    Unary(name: "log", tensors: { $0.log() }, reals: { log($0) }, range: 0.1...9),
    Unary(name: "sqrt", tensors: { $0.sqrt() }, reals: { $0.squareRoot() }, range: 0...9),
    Unary(name: "sin", tensors: { $0.sin() }, reals: { sin($0) }),
    Unary(name: "cos", tensors: { $0.cos() }, reals: { cos($0) }),
    Unary(name: "sigmoid", tensors: { $0.sigmoid() }, reals: { 1 / (1 + exp(-$0)) }),
    Unary(name: "silu", tensors: { $0.silu() }, reals: { $0 / (1 + exp(-$0)) }),
    Unary(name: "squared", tensors: { $0.squared() }, reals: { $0 * $0 }),
    Unary(name: "a³", tensors: { $0.power(3) }, reals: { $0 * $0 * $0 }),
    Unary(
      name: "a^-½", tensors: { $0.power(-0.5) }, reals: { 1 / $0.squareRoot() }, range: 0.1...9),
    Unary(name: "a + s", tensors: { $0 + 0.25 }, reals: { $0 + 0.25 }),
    Unary(name: "s + a", tensors: { 0.25 + $0 }, reals: { 0.25 + $0 }),
    Unary(name: "a - s", tensors: { $0 - 0.25 }, reals: { $0 - 0.25 }),
    Unary(name: "s - a", tensors: { 0.25 - $0 }, reals: { 0.25 - $0 }),
    Unary(name: "a * s", tensors: { $0 * 3 }, reals: { $0 * 3 }),
    Unary(name: "s * a", tensors: { 3 * $0 }, reals: { 3 * $0 }),
    Unary(name: "a / s", tensors: { $0 / 3 }, reals: { $0 / 3 }),
    Unary(name: "s / a", tensors: { 3 / $0 }, reals: { 3 / $0 }, range: 0.1...9),
    Unary(name: "clamped", tensors: { $0.clamped(-0.5, 1) }, reals: { min(1, max(-0.5, $0)) }),
    Unary(name: "a < s", tensors: { ($0 .< 0.5).to(.float64) }, reals: { $0 < 0.5 ? 1 : 0 }),
  ]

  static let binary: [Binary] = [
    Binary(name: "a + b", tensors: { $0 + $1 }, reals: { $0 + $1 }),
    Binary(name: "a - b", tensors: { $0 - $1 }, reals: { $0 - $1 }),
    Binary(name: "a * b", tensors: { $0 * $1 }, reals: { $0 * $1 }),
    Binary(name: "a / b", tensors: { $0 / $1 }, reals: { $0 / $1 }),
    Binary(name: "minimum", tensors: { $0.minimum($1) }, reals: { min($0, $1) }),
    Binary(name: "maximum", tensors: { $0.maximum($1) }, reals: { max($0, $1) }),
    Binary(name: "a < b", tensors: { ($0 .< $1).to(.float64) }, reals: { $0 < $1 ? 1 : 0 }),
    Binary(name: "a + b a", tensors: { $0.adding($1, groups: $0) }, reals: { $0 + $1 * $0 }),
    Binary(
      name: "where a < b: 2 a, else b", tensors: { ($0 .< $1).select($0 * 2, else: $1) },
      reals: { $0 < $1 ? $0 * 2 : $1 }),
  ]

  @Test(arguments: unary, [[], [5], [2, 3], [2, 0], [3, 1, 4]])
  func doesToEveryElementWhatItDoesToANumber(operation: Unary, shape: [Int]) {
    let a = Plain(random: shape, in: operation.range)
    expectClose(
      operation.tensors(a.tensor), a.map(operation.reals).tensor, within: 1e-14, "Float64 rounding")
    expectClose(operation.tensors(a.float32), a.map(operation.reals).float32, within: 1e-6)
  }

  static let shapes: [([Int], [Int])] = [
    ([2, 3], [2, 3]), ([2, 3], [3]), ([4, 1, 3], [2, 1]), ([], [2, 2]), ([1], [5]),
    ([3], [2, 1, 1, 3]), ([0, 3], [3]), ([2, 1], [1, 3]),
  ]

  @Test(arguments: binary, shapes)
  func broadcastsAsLoopsDo(operation: Binary, shapes: ([Int], [Int])) {
    let a = Plain(random: shapes.0, seed: 1)
    let b = Plain(random: shapes.1, seed: 2)
    expectClose(
      operation.tensors(a.tensor, b.tensor), a.with(b, operation.reals).tensor, within: 1e-14,
      "Float64 rounding")
    expectClose(
      operation.tensors(b.tensor, a.tensor), b.with(a, operation.reals).tensor, within: 1e-14,
      "Float64 rounding")
  }

  @Test func reducesAlongAxes() {
    let a = Plain(random: [2, 3, 4])
    let t = a.tensor
    let cases: [(axes: [Int], keep: Bool, sum: Tensor, mean: Tensor, max: Tensor)] = [
      ([], false, t.sum(), t.mean(), t.max()),
      ([0], false, t.sum(0), t.mean(0), t.max(0)),
      ([-1], false, t.sum(-1), t.mean(-1), t.max(-1)),
      ([1], true, t.sum(1, keepAxes: true), t.mean(1, keepAxes: true), t.max(1, keepAxes: true)),
      ([0, 2], false, t.sum(0, 2), t.mean(0, 2), t.max(0, 2)),
      (
        [-3, 1], true, t.sum(-3, 1, keepAxes: true), t.mean(-3, 1, keepAxes: true),
        t.max(-3, 1, keepAxes: true)
      ),
    ]
    for (axes, keep, sum, mean, max) in cases {
      func expect(_ tensor: Tensor, _ f: ([Double]) -> Double) {
        expectClose(
          tensor, a.reduced(axes, keep: keep, f).tensor, within: 1e-14, "Float64 rounding")
      }
      expect(sum) { $0.reduce(0, +) }
      expect(mean) { $0.reduce(0, +) / Double($0.count) }
      expect(max) { $0.max()! }
    }
  }

  @Test func changesInPlaceWhatSharesStorage() {
    let a = Plain(random: [2, 3], seed: 1)
    let b = Plain(random: [3], seed: 2)
    func changed(_ change: (Tensor) -> Void) -> Tensor {
      let t = a.tensor
      let view = t.reshaped(3, 2)
      change(t)
      return view.reshaped(2, 3)
    }
    func expect(_ change: (Tensor) -> Void, _ f: (Double, Double) -> Double) {
      expectClose(changed(change), a.with(b, f).tensor, within: 1e-15, "Float64 rounding")
    }
    expect({ $0.addInPlace(b.tensor) }) { $0 + $1 }
    expect({ $0.addInPlace(b.tensor, times: -0.5) }) { $0 - 0.5 * $1 }
    expect({ $0.multiplyInPlace(3) }) { a, _ in a * 3 }
    expect({ $0.fill(7) }) { _, _ in 7 }
    expect({ $0.set(b.tensor) }) { _, b in b }
    expect({ $0.set(b.float32) }) { _, b in Double(Float(b)) }
    let whole = Plain(random: [2, 3], seed: 3)
    expectClose(
      changed { $0.moveInPlace(towards: whole.tensor, by: 0.25) },
      a.with(whole) { $0 + ($1 - $0) * 0.25 }.tensor, within: 1e-15, "Float64 rounding")
  }
}
