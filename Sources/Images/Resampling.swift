public import Scene

extension Image {
  /// This picture at another size: an axis that shrinks is averaged over exact pixel areas, one
  /// that grows is interpolated linearly. Neither overshoots.
  public func resized(width: Int, height: Int) -> Image {
    precondition(width > 0 && height > 0, "Image.resized: \(width) x \(height) is no size")
    if (width, height) == (self.width, self.height) { return self }
    let rows = resizedRows(Taps(from: self.width, to: width))
    return Image(
      width: width, height: height,
      pixels: weighted(rows, of: width * 3, Taps(from: self.height, to: height)))
  }

  /// The largest centred window of the shape of width x height, scaled to that size: what
  /// `Intrinsics.fitted` does to a lens.
  public func fitted(width: Int, height: Int) -> Image {
    let lens = Intrinsics(width: self.width, height: self.height, focal: [1, 1], center: .zero)
    let crop = lens.centeredWindow(width: width, height: height)
    return cropped(x: crop.x, y: crop.y, width: crop.width, height: crop.height)
      .resized(width: width, height: height)
  }

  /// Every row at its new width: [height, width, 3].
  private func resizedRows(_ taps: Taps) -> [Float] {
    let width = taps.first.count
    let total = width * height * 3
    return [Float](unsafeUninitializedCapacity: total) { out, initialized in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let row = UnsafeBufferPointer(rebasing: source[(y * self.width * 3)...])
          let to = UnsafeMutableBufferPointer(rebasing: out[(y * width * 3)...])
          taps.applyAlongRow(row, to)
        }
      }
      initialized = total
    }
  }
}

/// Each output row as the weighted sum of its input rows, rounded: [height, length].
private func weighted(_ rows: [Float], of length: Int, _ taps: Taps) -> [UInt8] {
  let total = taps.first.count * length
  var sum = [Float](repeating: 0, count: length)
  return [UInt8](unsafeUninitializedCapacity: total) { out, initialized in
    for y in 0..<taps.first.count {
      for i in 0..<length { sum[i] = 0.5 }
      for k in 0..<taps.count {
        let (weight, start) = (taps.weights[y * taps.count + k], (taps.first[y] + k) * length)
        for i in 0..<length { sum[i] += weight * rows[start + i] }
      }
      for i in 0..<length { out[y * length + i] = UInt8(max(0, min(255, sum[i]))) }
    }
    initialized = total
  }
}

/// Which input positions an output position is made of, along one axis, and with which weights.
package struct Taps {
  /// How many inputs there are.
  package let inputs: Int
  /// How many of them every output takes.
  package let count: Int
  /// For each output, its first input.
  package private(set) var first: [Int] = []
  /// For each output, `count` weights; their sum is 1.
  package private(set) var weights: [Float] = []

  package init(from n: Int, to m: Int) {
    inputs = n
    let ratio = Double(n) / Double(m)
    count = min(n, ratio > 1 ? Int(ratio.rounded(.up)) + 1 : 2)
    for o in 0..<m {
      let (left, right) = ratio > 1 ? Self.area(o, ratio) : Self.neighbors(o, ratio, n)
      let start = min(Int(left), n - count)
      first.append(start)
      // A box of the length of one pixel between two neighbours is linear interpolation.
      let overlaps = (start..<start + count).map {
        max(0, min(right, Double($0 + 1)) - max(left, Double($0)))
      }
      weights += overlaps.map { Float($0 / overlaps.reduce(0, +)) }
    }
  }

  /// The stretch of input that one output pixel covers when shrinking.
  private static func area(_ o: Int, _ ratio: Double) -> (Double, Double) {
    (Double(o) * ratio, Double(o + 1) * ratio)
  }

  /// The stretch of one pixel's length around an output pixel's centre when growing.
  private static func neighbors(_ o: Int, _ ratio: Double, _ n: Int) -> (Double, Double) {
    let left = max(0, min(Double(n - 1), (Double(o) + 0.5) * ratio - 0.5))
    return (left, left + 1)
  }

  func applyAlongRow(
    _ row: UnsafeBufferPointer<UInt8>, _ out: UnsafeMutableBufferPointer<Float>
  ) {
    for o in 0..<first.count {
      var sum = SIMD3<Float>.zero
      for k in 0..<count {
        let i = (first[o] + k) * 3
        let pixel = SIMD3(Float(row[i]), Float(row[i + 1]), Float(row[i + 2]))
        sum += weights[o * count + k] * pixel
      }
      for c in 0..<3 { out[o * 3 + c] = sum[c] }
    }
  }
}
