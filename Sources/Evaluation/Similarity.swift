public import Scene

/// The structural similarity of Wang et al. 2004, -1...1: on each of the three sRGB channels, and
/// averaged, as papers on view synthesis report it.
///
/// Windows are 11 x 11 Gaussians with a sigma of 1.5; only windows wholly inside the image count,
/// by the mask at their centre. An image too small for that has its border repeated. Not a number
/// if no window counts.
/// - Precondition: the images, and the mask if any, have the same size.
public func ssim(_ a: Image, _ b: Image, mask: [Bool]? = nil) -> Double {
  checkSizes("ssim", a, b, mask)
  return Similarity(of: a, to: b, scales: 1).ssim(mask)
}

/// The multi-scale structural similarity of Wang, Simoncelli and Bovik 2003, 0...1: contrast and
/// structure at up to five scales, each half as fine as the one before, luminance at the last.
///
/// On each of the three sRGB channels, and averaged. Scales on which no window of 11 pixels fits are
/// left out and the others' exponents scaled to a sum of 1, so an image needs 176 pixels a side for
/// all five. A scale's negative mean counts as 0. Of a region, those windows count in whose middle
/// pixel, made of 2 x 2 of the scale before, it has at least half; not a number if a scale has
/// none.
/// - Precondition: the images, and the mask if any, have the same size.
public func msSSIM(_ a: Image, _ b: Image, mask: [Bool]? = nil) -> Double {
  checkSizes("msSSIM", a, b, mask)
  return Similarity(of: a, to: b).msSSIM(mask)
}

/// The similarity of two images' neighbourhoods at several scales: maps, to be averaged over regions.
struct Similarity {
  /// One scale: three channels' maps.
  private struct Scale {
    /// SSIM as a whole, and without its luminance.
    var whole: [Channel] = []
    var contrast: [Channel] = []

    func mean(_ maps: [Channel], _ mask: [Bool]?) -> [Double] {
      let reach = Similarity.reach
      let margin = min(maps[0].width, maps[0].height) > 2 * reach ? reach : 0
      return maps.map { Evaluation.mean($0, mask: mask, margin: margin) }
    }
  }

  private let scales: [Scale]

  /// Compares images of the same size on so many scales, or as many as fit.
  init(of a: Image, to b: Image, scales limit: Int = exponents.count) {
    var channels = (0..<3).map { (a.channel($0), b.channel($0)) }
    var scales: [Scale] = []
    for i in 0..<min(limit, Self.scales(width: a.width, height: a.height)) {
      if i > 0 { channels = channels.map { ($0.0.halved(), $0.1.halved()) } }
      let maps = channels.map { Self.compare($0.0, $0.1) }
      scales.append(Scale(whole: maps.map(\.whole), contrast: maps.map(\.contrast)))
    }
    self.scales = scales
  }

  func ssim(_ mask: [Bool]?) -> Double {
    scales[0].mean(scales[0].whole, mask).reduce(0, +) / 3
  }

  func msSSIM(_ mask: [Bool]?) -> Double {
    let exponents = Self.exponents.prefix(scales.count)
    let sum = exponents.reduce(0, +)
    var products = [1.0, 1, 1]
    var share = mask.map(share)
    for (i, (scale, exponent)) in zip(scales, exponents).enumerated() {
      if i > 0 { share = share?.halved() }
      let isLast = i == scales.count - 1
      let means = scale.mean(
        isLast ? scale.whole : scale.contrast, share?.values.map { $0 >= 0.5 })
      for c in 0..<3 {
        products[c] *= means[c].isNaN ? .nan : pow(max(0, means[c]), exponent / sum)
      }
    }
    return products.reduce(0, +) / 3
  }

  /// A mask as the share of each pixel.
  private func share(_ mask: [Bool]) -> Channel {
    let map = scales[0].whole[0]
    return Channel(width: map.width, height: map.height, values: mask.map { $0 ? 1 : 0 })
  }

  /// What each scale counts, from fine to coarse: the paper's, from what people could tell apart.
  private static let exponents = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

  /// How many of them an image has room for: at least one.
  private static func scales(width: Int, height: Int) -> Int {
    let side = min(width, height)
    return max(1, exponents.indices.count { side >> $0 > 2 * reach })
  }

  private static let reach = 5
  private static let window = gaussian(sigma: 1.5, reach: reach).map(Float.init)
  private static let c1: Float = 0.01 * 0.01
  private static let c2: Float = 0.03 * 0.03

  private static func compare(_ a: Channel, _ b: Channel) -> (whole: Channel, contrast: Channel) {
    func local(_ channel: Channel) -> Channel { channel.filtered(row: window, column: window) }
    let (meanA, meanB) = (local(a), local(b))
    let power = local(a.combined(with: b) { $0 * $0 + $1 * $1 })
    let product = local(a.combined(with: b) { $0 * $1 })
    var (whole, contrast) = (meanA, meanA)
    for i in whole.values.indices {
      let (ma, mb) = (meanA.values[i], meanB.values[i])
      let (squares, both) = (ma * ma + mb * mb, ma * mb)
      let structure = (2 * (product.values[i] - both) + c2) / (power.values[i] - squares + c2)
      contrast.values[i] = structure
      whole.values[i] = (2 * both + c1) / (squares + c1) * structure
    }
    return (whole, contrast)
  }
}

extension Channel {
  /// Half as many pixels each way, each the mean of 2 x 2; an odd last row or column is left out.
  func halved() -> Channel {
    let (w, h) = (max(1, width / 2), max(1, height / 2))
    let (dx, dy) = (min(1, width - 1), min(1, height - 1) * width)
    let values = (0..<w * h).map { i in
      let corner = i / w * 2 * width + i % w * 2
      return
        (self.values[corner] + self.values[corner + dx] + self.values[corner + dy]
        + self.values[corner + dx + dy]) / 4
    }
    return Channel(width: w, height: h, values: values)
  }
}

extension Image {
  /// The red (0), green (1) or blue (2) sRGB values in 0...1.
  func channel(_ c: Int) -> Channel {
    let values = (0..<width * height).map { Float(pixels[$0 * 3 + c]) / 255 }
    return Channel(width: width, height: height, values: values)
  }
}
