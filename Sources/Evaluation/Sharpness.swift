public import Scene

/// The energy of an image's fine detail: the sum, over the pixels that a mask picks, of the square of
/// the luma (0...1) less its surroundings' mean.
///
/// The surroundings are a bell curve with a sigma of 1 pixel, the border repeated: what is left are
/// periods below about 8 pixels. A drawn image's detail over the truth's says how sharp it is: 1 is
/// as sharp, 0 is a blur, more than 1 is noise.
/// - Precondition: the mask, if any, has the image's size.
public func detail(of image: Image, mask: [Bool]? = nil) -> Double {
  checkSizes("detail", image, image, mask)
  let fine = image.fineDetail
  return fine.values.indices.reduce(0) { sum, i in
    let value = Double(fine.values[i])
    return mask?[i] ?? true ? sum + value * value : sum
  }
}

extension Image {
  fileprivate var fineDetail: Channel {
    let weights = gaussian(sigma: 1, reach: 4).map(Float.init)
    let luma = luma
    return luma.combined(with: luma.filtered(row: weights, column: weights), -)
  }

  /// How light each pixel is, 0...1 (Rec. 709 on sRGB values).
  var luma: Channel {
    let values = (0..<width * height).map { i -> Float in
      let (r, g, b) = (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2])
      return (0.2126 * Float(r) + 0.7152 * Float(g) + 0.0722 * Float(b)) / 255
    }
    return Channel(width: width, height: height, values: values)
  }
}

/// How much detail drawn images have beside the truth, summed over many.
struct DetailRatio {
  private var drawn = 0.0
  private var truth = 0.0

  mutating func add(_ image: Image, truth: Image, mask: [Bool]?) {
    drawn += detail(of: image, mask: mask)
    self.truth += detail(of: truth, mask: mask)
  }

  static func + (a: DetailRatio, b: DetailRatio) -> DetailRatio {
    var sum = a
    (sum.drawn, sum.truth) = (a.drawn + b.drawn, a.truth + b.truth)
    return sum
  }

  /// Nil where the truth has none, not even a byte that is one level off.
  var value: Double? { truth > 1.0 / (255 * 255) ? drawn / truth : nil }
}
