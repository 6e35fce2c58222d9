import Foundation
import TestSupport
import Testing
import Torch

/// Every operation against loops in Float64.
@Suite struct NetworkTests {
  @Test(arguments: [
    ([2, 3], [3, 4]), ([5, 2, 3], [3, 4]), ([2, 1, 2, 3], [5, 3, 2]), ([1, 1], [1, 1]),
  ])
  func multipliesMatrices(a: [Int], b: [Int]) {
    let (x, y) = (Plain(random: a, seed: 1), Plain(random: b, seed: 2))
    let lead = Plain.broadcast(Array(a.dropLast(2)), Array(b.dropLast(2)))
    expectSame(
      x.tensor.matmul(y.tensor),
      Plain(lead + [a[a.count - 2], b[b.count - 1]]) { index in
        let (l, i, j) = (Array(index.dropLast(2)), index[index.count - 2], index.last!)
        return (0..<a.last!).map { x[l + [i, $0]] * y[l + [$0, j]] }.reduce(0, +)
      })
  }

  @Test(arguments: [[3], [2, 3], [2, 4, 3]]) func mapsLinearly(shape: [Int]) {
    let (x, w) = (Plain(random: shape, seed: 1), Plain(random: [5, 3], seed: 2))
    expectSame(
      x.tensor.linear(w.tensor),
      Plain(shape.dropLast() + [5]) { index in
        (0..<3).map { x[index.dropLast() + [$0]] * w[index.last!, $0] }.reduce(0, +)
      })
  }

  @Test(arguments: [[6], [2, 6], [2, 3, 4]]) func normalizesTheLastAxis(shape: [Int]) {
    let n = shape.last!
    let x = Plain(random: shape, seed: 1)
    let (w, b) = (Plain(random: [n], seed: 2), Plain(random: [n], seed: 3))
    let mean = x.reduced([-1], keep: true) { $0.reduce(0, +) / Double(n) }
    let centred = x.with(mean, -)
    let scale = centred.reduced([-1], keep: true) {
      1 / ($0.map { $0 * $0 }.reduce(0, +) / Double(n) + 1e-3).squareRoot()
    }
    let normal = centred.with(scale, *)
    expectSame(x.tensor.layerNorm(epsilon: 1e-3), normal)
    expectSame(
      x.tensor.layerNorm(weight: w.tensor, bias: b.tensor, epsilon: 1e-3),
      normal.with(w, *).with(b, +))
    let root = x.reduced([-1], keep: true) {
      1 / ($0.map { $0 * $0 }.reduce(0, +) / Double(n) + 1e-3).squareRoot()
    }
    expectSame(x.tensor.rmsNorm(weight: w.tensor, epsilon: 1e-3), x.with(root, *).with(w, *))
  }

  @Test(arguments: [0, 1, -1]) func softmaxSumsToOne(axis: Int) {
    let x = Plain(random: [3, 4, 2], in: -30...30)
    let e = x.map(exp)
    expectSame(
      x.tensor.softmax(axis), e.with(e.reduced([axis], keep: true) { $0.reduce(0, +) }, /))
  }

  @Test(arguments: [(1, 1), (4, 4), (4, 2), (6, 1)], [1, 3, 17])
  func attendsWithSoftmaxOverKeys(heads: (Int, Int), keys: Int) {
    let (h, g) = heads
    let q = Plain(random: [2, h, 3, 8], seed: 1)
    let (k, v) = (
      Plain(random: [2, g, keys, 8], seed: 2), Plain(random: [2, g, keys, 8], seed: 3)
    )
    expectSame(
      .attention(q.tensor, k.tensor, v.tensor),
      Plain([2, h, 3, 8]) { i in
        let (b, head) = (i[0], i[1] * g / h)
        let weights = (0..<keys).map { m in
          exp(
            (0..<8).map { q[b, i[1], i[2], $0] * k[b, head, m, $0] }.reduce(0, +) / 8.0.squareRoot()
          )
        }
        let values = (0..<keys).map { weights[$0] * v[b, head, $0, i[3]] }
        return values.reduce(0, +) / weights.reduce(0, +)
      })
  }

  @Test func windowsAreProductsWithBothSides() {
    let x = Plain(random: [2, 4, 5], seed: 1)
    let (rows, columns) = (Plain(random: [3, 4], seed: 2), Plain(random: [2, 5], seed: 3))
    expectSame(
      x.tensor.windowed(rows: rows.tensor, columns: columns.tensor),
      Plain([2, 3, 2]) { i in
        Plain.indices([4, 5]).map { d in
          rows[i[1], d[0]] * x[i[0], d[0], d[1]] * columns[i[2], d[1]]
        }.reduce(0, +)
      })
  }

  @Test(arguments: [0, 1, 2]) func foldsWindows(overlap: Int) {
    let width = 3 + 2 * overlap
    let x = Plain(random: [2, 2 * width * width, 6])  // 2 rows, 3 columns
    expectSame(
      x.tensor.folded(height: 6, width: 9, side: 3, overlap: overlap),
      Plain([2, 2, 6, 9]) { i in
        Plain.indices([2, 3]).map { square in
          let (row, column) = (i[2] - square[0] * 3 + overlap, i[3] - square[1] * 3 + overlap)
          guard (0..<width).contains(row), (0..<width).contains(column) else { return 0 }
          return x[i[0], (i[1] * width + row) * width + column, square[0] * 3 + square[1]]
        }.reduce(0, +)
      })
  }

  @Test(arguments: [1, 2, 3]) func averagesOverSquares(side: Int) {
    let x = Plain(random: [1, 2, 6, 7])
    expectSame(
      x.tensor.averagePooled(side),
      Plain([1, 2, 6 / side, 7 / side]) { i in
        Plain.indices([side, side])
          .map { x[0, i[1], i[2] * side + $0[0], i[3] * side + $0[1]] }
          .reduce(0, +) / Double(side * side)
      })
  }

  @Test(arguments: [(4, 6), (3, 5), (1, 1), (9, 2)])
  func upsamples(height: Int, width: Int) {
    let x = Plain(random: [1, 2, 2, 3])
    expectSame(
      x.tensor.upsampledNearest(height: height, width: width),
      Plain([1, 2, height, width]) { x[0, $0[1], $0[2] * 2 / height, $0[3] * 3 / width] })
    expectSame(
      x.tensor.upsampledBilinear(height: height, width: width),
      Plain([1, 2, height, width]) { i in
        let (y, u) = (Line(i[2], of: height, into: 2), Line(i[3], of: width, into: 3))
        return y.mix { row in u.mix { x[0, i[1], row, $0] } }
      })
  }

  @Test(arguments: [(0, 0), (1, 0), (0, 2), (3, 1)]) func padsWithZeros(right: Int, bottom: Int) {
    let x = Plain(random: [2, 1, 2, 3])
    expectSame(
      x.tensor.padded(right: right, bottom: bottom),
      Plain([2, 1, 2 + bottom, 3 + right]) { $0[2] < 2 && $0[3] < 3 ? x[$0] : 0 })
  }

  @Test func aShapeMismatchStopsAndNamesTheOperationAndTheShapes() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Tensor.zeros([2, 3]).matmul(.zeros([4, 5]))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("matmul([2, 3] float32 cpu, [4, 5] float32 cpu)"), "\(text)")
  }

  @Test func unequalPartsStop() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).split(2) }
  }

  @Test func floatsOfIntegersStop() async {
    await #expect(processExitsWith: .failure) { Tensor([1, 2]).withFloats { $0[0] = 1 } }
  }
}

/// Where a pixel of a resized line falls between two of the original (corners aligned).
private struct Line {
  let low, high: Int
  let share: Double

  init(_ i: Int, of count: Int, into length: Int) {
    let x = max(0, (Double(i) + 0.5) * Double(length) / Double(count) - 0.5)
    low = min(length - 1, Int(x))
    high = min(length - 1, low + 1)
    share = x - Double(low)
  }

  func mix(_ value: (Int) -> Double) -> Double { value(low) * (1 - share) + value(high) * share }
}

private func expectSame(
  _ tensor: Tensor, _ plain: Plain, at location: SourceLocation = #_sourceLocation
) {
  expectClose(tensor, plain.tensor, within: 1e-13, "Float64 rounding", at: location)
}
