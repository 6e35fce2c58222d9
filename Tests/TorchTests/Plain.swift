import TestSupport
import Torch

/// An array with a shape, computed with loops over indices: what tensors are compared with.
struct Plain {
  let shape: [Int]
  var values: [Double]

  /// The value at every index, in row-major order.
  init(_ shape: [Int], _ value: ([Int]) -> Double) {
    self.shape = shape
    values = Self.indices(shape).map(value)
  }

  /// Random values, the same for the same seed.
  init(random shape: [Int], in range: ClosedRange<Double> = -2...2, seed: UInt64 = 1) {
    var numbers = Numbers(seed: seed)
    self.init(shape) { _ in numbers.real(in: range) }
  }

  /// Every index of a shape, the last axis fastest.
  static func indices(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { lead, n in lead.flatMap { i in (0..<n).map { i + [$0] } } }
  }

  subscript(_ index: Int...) -> Double { self[index] }

  /// The value at an index; shorter axes broadcast, as do missing ones.
  subscript(_ index: [Int]) -> Double {
    let own = zip(index.suffix(shape.count), shape).map { $1 == 1 ? 0 : $0 }
    return values[zip(own, shape).reduce(0) { $0 * $1.1 + $1.0 }]
  }

  var tensor: Tensor { Tensor(doubles: values, shape: shape) }
  var float32: Tensor { tensor.to(.float32) }

  func map(_ f: (Double) -> Double) -> Plain { Plain(shape) { f(self[$0]) } }

  /// Both broadcast to one shape, then element by element.
  func with(_ other: Plain, _ f: (Double, Double) -> Double) -> Plain {
    Plain(Self.broadcast(shape, other.shape)) { f(self[$0], other[$0]) }
  }

  static func broadcast(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    func padded(_ s: [Int]) -> [Int] { Array(repeating: 1, count: rank - s.count) + s }
    return zip(padded(a), padded(b)).map { $0 == 1 ? $1 : $0 }
  }

  /// Folds the values along some axes together, in order.
  func reduced(_ axes: [Int], keep: Bool, _ f: ([Double]) -> Double) -> Plain {
    let gone = Set(
      axes.isEmpty ? Array(shape.indices) : axes.map { $0 < 0 ? $0 + shape.count : $0 })
    let kept = shape.indices.map { gone.contains($0) ? 1 : shape[$0] }
    let groups = Dictionary(grouping: Self.indices(shape)) { index in
      shape.indices.map { gone.contains($0) ? 0 : index[$0] }
    }
    let whole = Plain(kept) { f(groups[$0]!.map { self[$0] }) }
    return keep
      ? whole : whole.reshaped(shape.indices.filter { !gone.contains($0) }.map { shape[$0] })
  }

  func reshaped(_ shape: [Int]) -> Plain {
    var all = values[...]
    return Plain(shape) { _ in all.removeFirst() }
  }
}
