import Scene

/// One number for each pixel, rows from the top.
struct Channel {
  let width: Int
  let height: Int
  var values: [Float]

  init(width: Int, height: Int, values: [Float]) {
    (self.width, self.height, self.values) = (width, height, values)
  }

  func map(_ transform: (Float) -> Float) -> Channel {
    Channel(width: width, height: height, values: values.map(transform))
  }

  func combined(with other: Channel, _ combine: (Float, Float) -> Float) -> Channel {
    let values = zip(self.values, other.values).map { combine($0, $1) }
    return Channel(width: width, height: height, values: values)
  }

  /// Each pixel's neighbourhood, weighed by a row of weights and a column of weights.
  ///
  /// Weights have an odd count, their middle is the pixel itself, and they are not turned round;
  /// beyond the border its pixels are repeated.
  func filtered(row: [Float], column: [Float]) -> Channel {
    filtered(row: row).filtered(column: column)
  }

  func filtered(row weights: [Float]) -> Channel {
    let (reach, width) = (weights.count / 2, width)
    var padded = [Float](repeating: 0, count: width + 2 * reach)
    return drawn { y, source, out in
      let line = source + y * width
      for x in padded.indices { padded[x] = line[min(max(x - reach, 0), width - 1)] }
      padded.withUnsafeBufferPointer { padded in
        for (k, weight) in weights.enumerated() {
          accumulate(padded.baseAddress! + k, times: weight, into: out, count: width)
        }
      }
    }
  }

  func filtered(column weights: [Float]) -> Channel {
    let (reach, width, height) = (weights.count / 2, width, height)
    return drawn { y, source, out in
      for (k, weight) in weights.enumerated() {
        let line = source + min(max(y + k - reach, 0), height - 1) * width
        accumulate(line, times: weight, into: out, count: width)
      }
    }
  }

  /// A channel of this size whose rows, zero at first, are filled one by one from this one's values.
  private func drawn(
    _ fill: (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> Channel {
    var result = Channel(
      width: width, height: height, values: [Float](repeating: 0, count: values.count))
    values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { out in
        for y in 0..<height { fill(y, source.baseAddress!, out.baseAddress! + y * width) }
      }
    }
    return result
  }
}

/// The loop that takes all the time; kept bare so that the compiler makes vectors of it.
private func accumulate(
  _ source: UnsafePointer<Float>, times weight: Float, into out: UnsafeMutablePointer<Float>,
  count: Int
) {
  for i in 0..<count { out[i] += weight * source[i] }
}

/// Weights of a bell curve at whole pixels, with sum 1.
func gaussian(sigma: Double, reach: Int) -> [Double] {
  let weights = (-reach...reach).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
  let sum = weights.reduce(0, +)
  return weights.map { $0 / sum }
}
