import Torch

extension FrameModel {
  /// The same model for patches of another side, so that pictures twice as large cost no more.
  ///
  /// What it makes of a picture's enlargement is about the enlargement of what it made of the
  /// picture: pixels in are weighed by the pseudo-inverse of enlarging a patch (FlexiViT, Beyer et
  /// al., arXiv 2212.08013), pixels out are enlarged. Training goes on from there.
  ///
  ///     let larger = model.resized(patch: 16)  // from 8; for 256 pixels instead of 128
  public func resized(patch: Int) -> FrameModel {
    let old = configuration.patch
    guard patch != old else { return copy() }
    let enlarge = Matrix.enlarging(old, to: patch)  // [p', p]
    let weigh = enlarge.pseudoInverse.transposed.tensor.to(device)
    let window = old + 2 * configuration.overlap
    let configuration = configuration.resized(patch: patch)
    let paint = Matrix.enlarging(window, to: patch + 2 * configuration.overlap).tensor.to(device)
    return rebuilt(as: configuration) { name, weight in
      let w = weight.detached()
      switch name {
      case "embed.weight":  // [D, 6 p p]
        return Self.resized(w.reshaped(-1, old, old), by: weigh).reshaped(w.shape[0], -1)
      case "image.weight":  // [3 w w, D]
        let windows = w.transposed(0, 1).reshaped(-1, window, window)
        return Self.resized(windows, by: paint).reshaped(w.shape[1], -1).transposed(0, 1).copy()
      default: return w.copy()
      }
    }
  }

  /// `m x mᵀ` for each patch x of `[n, p, p]`.
  private static func resized(_ x: Tensor, by m: Tensor) -> Tensor {
    m.matmul(x).matmul(m.transposed(0, 1))
  }
}

extension Configuration {
  /// With patches of another side, which overlap by the same share of it.
  public func resized(patch side: Int) -> Configuration {
    var resized = self
    resized.patch = side
    resized.overlap = min(side / 2, overlap * side / patch)
    return resized
  }
}

/// A small matrix in Float64, row by row.
private struct Matrix {
  var rows: [[Double]]

  /// Linear interpolation of `from` samples at the centres of `to` cells; the ends are held.
  static func enlarging(_ from: Int, to: Int) -> Matrix {
    Matrix(
      rows: (0..<to).map { i in
        let x = (Double(i) + 0.5) * Double(from) / Double(to) - 0.5
        let low = min(max(0, Int(x.rounded(.down))), from - 1)
        let (next, part) = (min(low + 1, from - 1), min(1, max(0, x - Double(low))))
        var row = [Double](repeating: 0, count: from)
        row[low] += 1 - part
        row[next] += part
        return row
      })
  }

  var transposed: Matrix {
    Matrix(rows: rows[0].indices.map { j in rows.map { $0[j] } })
  }

  static func * (a: Matrix, b: Matrix) -> Matrix {
    let columns = b.transposed.rows
    return Matrix(
      rows: a.rows.map { row in columns.map { zip(row, $0).reduce(0) { $0 + $1.0 * $1.1 } } })
  }

  /// For a matrix of full rank.
  var pseudoInverse: Matrix {
    let t = transposed
    return rows.count >= t.rows.count ? (t * self).inverse * t : t * (self * t).inverse
  }

  /// By Gauss and Jordan, with pivots.
  private var inverse: Matrix {
    let n = rows.count
    var a = rows.enumerated().map { i, row in row + (0..<n).map { $0 == i ? 1.0 : 0 } }
    for column in 0..<n {
      let pivot = (column..<n).max { abs(a[$0][column]) < abs(a[$1][column]) }!
      a.swapAt(column, pivot)
      let scale = a[column][column]
      a[column] = a[column].map { $0 / scale }
      for i in 0..<n where i != column {
        let factor = a[i][column]
        a[i] = zip(a[i], a[column]).map { $0 - factor * $1 }
      }
    }
    return Matrix(rows: a.map { Array($0[n...]) })
  }

  var tensor: Tensor {
    Tensor(rows.flatMap { $0.map(Float.init) }, shape: [rows.count, rows[0].count])
  }
}
