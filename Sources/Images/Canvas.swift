import Scene

/// An image being drawn on; what falls outside of it is left away.
struct Canvas {
  private(set) var image: Image

  init(width: Int, height: Int, color: SIMD3<UInt8>) {
    image = Image(width: width, height: height, color: color)
  }

  mutating func fill(x: Int, y: Int, width: Int, height: Int, _ color: SIMD3<UInt8>) {
    for row in max(0, y)..<max(0, y, min(image.height, y + height)) {
      for column in max(0, x)..<max(0, x, min(image.width, x + width)) {
        image[column, row] = color
      }
    }
  }

  /// Puts a picture's top left corner at (x, y); it must fit.
  mutating func paste(_ picture: Image, x: Int, y: Int) {
    image.paste(picture, x: x, y: y)
  }

  /// The width of a text in pixels, without a gap at its end.
  static func width(of text: String, scale: Int = 1) -> Int {
    max(0, text.count * (Typeface.width + 1) - 1) * scale
  }

  mutating func write(
    _ text: String, x: Int, y: Int, scale: Int = 1, _ color: SIMD3<UInt8>
  ) {
    for (i, character) in text.enumerated() {
      let left = x + i * (Typeface.width + 1) * scale
      for (row, bits) in Typeface.rows(of: character).enumerated() {
        for column in 0..<Typeface.width where bits >> (Typeface.width - 1 - column) & 1 == 1 {
          fill(
            x: left + column * scale, y: y + row * scale, width: scale, height: scale, color)
        }
      }
    }
  }

  /// A straight stroke with soft edges; points are in pixels with the origin at the corner.
  mutating func stroke(
    from a: SIMD2<Double>, to b: SIMD2<Double>, thickness: Double = 1.6, _ color: SIMD3<UInt8>
  ) {
    let reach = thickness / 2 + 1
    let (low, high) = (pointwiseMin(a, b) - reach, pointwiseMax(a, b) + reach)
    let (x0, x1) = (max(0, Int(low.x)), min(image.width - 1, Int(high.x)))
    let (y0, y1) = (max(0, Int(low.y)), min(image.height - 1, Int(high.y)))
    guard x0 <= x1, y0 <= y1 else { return }
    for y in y0...y1 {
      for x in x0...x1 {
        let distance = distance(from: [Double(x) + 0.5, Double(y) + 0.5], toSegment: a, b)
        blend(color, x, y, opacity: min(1, max(0, thickness / 2 + 0.5 - distance)))
      }
    }
  }

  private mutating func blend(_ color: SIMD3<UInt8>, _ x: Int, _ y: Int, opacity: Double) {
    guard opacity > 0 else { return }
    let mixed = SIMD3<Double>(image[x, y]) * (1 - opacity) + SIMD3<Double>(color) * opacity
    image[x, y] = SIMD3<UInt8>(mixed, rounding: .toNearestOrEven)
  }
}

/// How far a point is from the nearest point of a segment.
private func distance(
  from p: SIMD2<Double>, toSegment a: SIMD2<Double>, _ b: SIMD2<Double>
) -> Double {
  let (along, offset) = (b - a, p - a)
  let length = (along * along).sum()
  let t = length > 0 ? min(1, max(0, (along * offset).sum() / length)) : 0
  let rest = offset - along * t
  return (rest * rest).sum().squareRoot()
}
