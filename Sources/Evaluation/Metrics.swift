public import Scene

/// How close an image comes to the truth: higher PSNR and SSIM are better, lower FLIP is.
public struct Score: Codable, Hashable, Sendable {
  /// In dB; 100 at most (see ``init(of:against:mask:)``).
  public var psnr: Double
  /// At most 1.
  public var ssim: Double
  /// 0...1.
  public var flip: Double

  public init(psnr: Double, ssim: Double, flip: Double) {
    (self.psnr, self.ssim, self.flip) = (psnr, ssim, flip)
  }

  /// Compares two images of the same size; nil if the mask picks no pixel, or only some so close to
  /// the border that SSIM has no window there.
  ///
  /// PSNR is cut off at 100 dB, about what one wrong byte in a 256-pixel image leaves: JSON has no
  /// infinity, and one perfect frame would make a mean infinite.
  public init?(of image: Image, against truth: Image, mask: [Bool]? = nil) {
    if let mask, !mask.contains(true) { return nil }
    psnr = min(100, Evaluation.psnr(image, truth, mask: mask))
    ssim = Evaluation.ssim(image, truth, mask: mask)
    flip = Evaluation.flip(image, truth, mask: mask)
    if ssim.isNaN { return nil }
  }

  /// The mean of each measure; nil of nothing.
  public static func mean(_ scores: some Collection<Score>) -> Score? {
    guard !scores.isEmpty else { return nil }
    func mean(_ part: (Score) -> Double) -> Double {
      scores.reduce(0) { $0 + part($1) } / Double(scores.count)
    }
    return Score(psnr: mean { $0.psnr }, ssim: mean { $0.ssim }, flip: mean { $0.flip })
  }
}

/// The peak signal-to-noise ratio in dB, over all pixels and channels of the sRGB values in 0...1.
///
/// Infinite for equal images; not a number if the mask picks no pixel.
/// - Precondition: the images, and the mask if any, have the same size.
public func psnr(_ a: Image, _ b: Image, mask: [Bool]? = nil) -> Double {
  checkSizes("psnr", a, b, mask)
  var (sum, count) = (0, a.pixels.count)
  if let mask {
    count = 3 * mask.count { $0 }
    for i in mask.indices where mask[i] { for c in 3 * i..<3 * i + 3 { sum += square(a, b, c) } }
  } else {
    for c in a.pixels.indices { sum += square(a, b, c) }
  }
  return -10 * log10(Double(sum) / Double(count) / (255 * 255))
}

private func square(_ a: Image, _ b: Image, _ i: Int) -> Int {
  let difference = Int(a.pixels[i]) - Int(b.pixels[i])
  return difference * difference
}

/// The structural similarity of Wang et al. 2004, -1...1: on each of the three sRGB channels, and
/// averaged, as papers on view synthesis report it.
///
/// Windows are 11 x 11 Gaussians with a sigma of 1.5; only windows wholly inside the image count,
/// by the mask at their centre. An image too small for that has its border repeated. Not a number
/// if no window counts.
/// - Precondition: the images, and the mask if any, have the same size.
public func ssim(_ a: Image, _ b: Image, mask: [Bool]? = nil) -> Double {
  checkSizes("ssim", a, b, mask)
  let margin = min(a.width, a.height) > 2 * Similarity.reach ? Similarity.reach : 0
  let maps = (0..<3).map { Similarity.map(a.channel($0), b.channel($0)) }
  return maps.map { mean($0, mask: mask, margin: margin) }.reduce(0, +) / 3
}

private enum Similarity {
  static let reach = 5
  static let window = gaussian(sigma: 1.5, reach: reach).map(Float.init)
  static let c1: Float = 0.01 * 0.01
  static let c2: Float = 0.03 * 0.03

  static func map(_ a: Channel, _ b: Channel) -> Channel {
    func local(_ channel: Channel) -> Channel { channel.filtered(row: window, column: window) }
    let (meanA, meanB) = (local(a), local(b))
    let power = local(a.combined(with: b) { $0 * $0 + $1 * $1 })
    let product = local(a.combined(with: b) { $0 * $1 })
    var result = meanA
    for i in result.values.indices {
      let (ma, mb) = (meanA.values[i], meanB.values[i])
      let (squares, both) = (ma * ma + mb * mb, ma * mb)
      result.values[i] =
        (2 * both + c1) * (2 * (product.values[i] - both) + c2)
        / ((squares + c1) * (power.values[i] - squares + c2))
    }
    return result
  }
}

/// The mean over the pixels that a mask picks, a border left out.
func mean(_ channel: Channel, mask: [Bool]?, margin: Int = 0) -> Double {
  var (sum, count) = (0.0, 0)
  for y in margin..<channel.height - margin {
    for i in y * channel.width + margin..<(y + 1) * channel.width - margin where mask?[i] ?? true {
      sum += Double(channel.values[i])
      count += 1
    }
  }
  return count > 0 ? sum / Double(count) : .nan
}

func checkSizes(_ name: String, _ a: Image, _ b: Image, _ mask: [Bool]?) {
  precondition(
    a.width == b.width && a.height == b.height,
    "\(name): \(a.width) x \(a.height) against \(b.width) x \(b.height); resize one of them")
  if let mask {
    precondition(
      mask.count == a.width * a.height,
      "\(name): a mask of \(mask.count) for \(a.width) x \(a.height) pixels")
  }
}

extension Image {
  /// The red (0), green (1) or blue (2) sRGB values in 0...1.
  fileprivate func channel(_ c: Int) -> Channel {
    let values = (0..<width * height).map { Float(pixels[$0 * 3 + c]) / 255 }
    return Channel(width: width, height: height, values: values)
  }
}
